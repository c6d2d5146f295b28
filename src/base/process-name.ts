/** How messages, tables and tasks name a process on any machine: host/process. */
export const processName = ({ host, process }: { readonly host: string; readonly process: number }): string =>
  `${host}/${process}`;
