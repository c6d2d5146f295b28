/** The style sheet of a report: light and dark mode, phone and print. */
import { fontFaces } from '../style/measure.js';
import { pageColours } from '../style/theme.js';

/** The page width in pixels from which figures are two columns wide. */
export const WIDE = 780;

const LIGHT = `${pageColours('light')};--card:#fff;--page:#f6f8fa;--good:#0b6e4f;--warn:#9a4a00;--quiet:#57606a`;
const DARK = `${pageColours('dark')};--card:#12161b;--page:#0b0e12;--good:#56d6a5;--warn:#f0a860;--quiet:#9da7b3`;

const RULES = `
*{box-sizing:border-box}
html{color-scheme:light dark;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:16px/1.55 "Fira Sans","Noto Sans Math",system-ui,sans-serif}
main,header,footer{max-width:760px;margin:0 auto;padding:0 16px}
header{padding-top:28px}
h1{font-size:1.7rem;line-height:1.25;font-weight:500;margin:0 0 4px;overflow-wrap:anywhere}
h2{font-size:1.3rem;font-weight:500;margin:36px 0 10px}
h3{font-size:1.05rem;font-weight:500;margin:22px 0 8px}
p,ul{margin:8px 0;overflow-wrap:anywhere}
ul{padding-left:1.3em}
a{color:var(--kind-0)}
a:focus-visible,summary:focus-visible,button:focus-visible,.scroll:focus-visible{outline:2px solid var(--kind-0);outline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;gap:4px 16px;list-style:none;padding:0;margin:12px 0}
.skip{position:absolute;left:-999px}.skip:focus{left:8px;top:8px;background:var(--card);padding:6px 10px;z-index:2}
.about{white-space:pre-line}.lead,.more{color:var(--muted)}.more{font-size:.88rem}
.verdict{font-size:1.15rem;padding:12px 14px;border-left:4px solid var(--quiet);background:var(--card);border-radius:0 6px 6px 0}
.verdict strong{font-weight:500}.criterion{color:var(--muted)}
.verdict.v-logarithmic{border-color:var(--good)}.verdict.v-faster,.verdict.v-decreases,.verdict.v-slower,.verdict.v-no-smooth-law{border-color:var(--warn)}
td.v-logarithmic .sign{color:var(--good)}td.v-faster .sign,td.v-slower .sign,td.v-decreases .sign,td.v-no-smooth-law .sign{color:var(--warn)}
td.v-insufficient-data{color:var(--muted)}td.primary{outline:2px solid var(--kind-0);outline-offset:-2px}
.sign{font-weight:500}
.notes{color:var(--warn)}
figure{margin:18px 0;background:var(--card);border:1px solid var(--grid);border-radius:8px;padding:14px}
figure h3{margin-top:0}
figcaption{font-size:.92rem;color:var(--muted);margin-top:8px}
.plot svg{display:block;max-width:100%;height:auto}
.wide{display:none}
.live{display:none}.drawn>.live{display:block}.drawn>.still{display:none}
@media (min-width:${WIDE}px){.wide{display:block}.narrow{display:none}figure{margin-left:-20px;margin-right:-20px;padding:18px}}
.tools{display:flex;flex-wrap:wrap;gap:6px;margin:10px 0 0;font-size:.85rem;align-items:baseline}
button{font:inherit;color:var(--ink);background:var(--page);border:1px solid var(--grid);border-radius:6px;padding:3px 9px;cursor:pointer}
button[aria-pressed=true]{border-color:var(--kind-0);box-shadow:inset 0 0 0 1px var(--kind-0)}
@media (max-width:${WIDE - 1}px){.hint{display:none}figure{margin-left:-8px;margin-right:-8px;padding:10px}}
details{margin-top:10px}summary{cursor:pointer;color:var(--muted);font-size:.92rem}
.scroll{overflow-x:auto;max-height:420px;overflow-y:auto;margin:8px 0;border:1px solid var(--grid);border-radius:6px;background:var(--card)}
table{border-collapse:collapse;font-size:.84rem;font-variant-numeric:tabular-nums;min-width:100%}
caption{text-align:left;padding:6px 10px;color:var(--muted)}
th,td{padding:4px 10px;text-align:left;border-top:1px solid var(--grid);vertical-align:top}
th{font-weight:500;white-space:nowrap}.n{text-align:right}
thead th{position:sticky;top:0;background:var(--card)}
.grid td{min-width:9.5em}.grid th{white-space:normal}.grid tbody th{min-width:7em}small{color:var(--muted);white-space:nowrap}
dl{margin:8px 0;font-size:.92rem}dl>div{display:grid;grid-template-columns:minmax(8em,12em) 1fr;gap:12px;padding:3px 0;border-top:1px solid var(--grid)}
dt{color:var(--muted);overflow-wrap:anywhere}dd{margin:0;overflow-wrap:anywhere}
@media (max-width:480px){dl>div{grid-template-columns:1fr;gap:0}}
pre{overflow-x:auto;font-size:.82rem;background:var(--card);border:1px solid var(--grid);border-radius:6px;padding:10px}
.tooltip{position:fixed;z-index:3;pointer-events:none;background:var(--card);color:var(--ink);border:1px solid var(--grid);border-radius:6px;padding:6px 9px;font-size:.82rem;box-shadow:0 2px 10px #0003}
.tooltip dl{margin:0}.tooltip dl>div{display:flex;gap:10px;justify-content:space-between;border:0;padding:0}
footer{color:var(--muted);font-size:.85rem;padding-top:20px;padding-bottom:40px}
@media print{
:root{${LIGHT};--page:#fff}
html{color-scheme:light}body{font-size:10pt}
main,header,footer{max-width:none}
.drawn>.live,.narrow,.tools,nav,.skip,.tooltip{display:none}.still,.drawn>.still{display:block}.wide{display:block}.drawn>.still .narrow{display:none}
h2,h3{break-after:avoid}
figure{break-inside:avoid;border:0;padding:0;margin:14pt 0}
.scroll{max-height:none;overflow:visible;border:0}
details:not([open]){display:none}
a{color:inherit;text-decoration:none}
}`;

export const reportStyle = (): string =>
  `${fontFaces()}:root{${LIGHT}}@media (prefers-color-scheme:dark){:root{${DARK}}}${RULES}`;
