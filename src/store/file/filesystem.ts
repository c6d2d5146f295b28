/** Refuses databases on network file systems, where SQLite's locks and shared memory are unreliable. */
import { execFileSync } from 'node:child_process';
import { readFileSync, realpathSync } from 'node:fs';
import { dirname, resolve, sep } from 'node:path';
import { StoreError } from '../../base/errors.js';

export interface Mount {
  readonly folder: string;
  /** The system's name for the file system: ext4, nfs4, cifs, fuse.sshfs, ... */
  readonly type: string;
}

/** Type names without the prefix `fuse.`, which states only how a file system is implemented. */
const NETWORK = new Set(
  (
    'nfs nfs3 nfs4 cifs smb smb2 smb3 smbfs smbnetfs afs afpfs ncpfs 9p ceph ceph-fuse glusterfs lustre gpfs beegfs ' +
    'orangefs pvfs2 panfs gfs2 ocfs2 vboxsf vmhgfs vmhgfs-fuse prl_fs webdav davfs davfs2 sshfs osxfuse.sshfs macfuse.sshfs ' +
    's3fs rclone gcsfuse goofys juicefs curlftpfs hdfs'
  ).split(' '),
);

/** @throws StoreError NETWORK_FILESYSTEM if `file` lies, or would lie, on a network file system. */
export function refuseNetworkFilesystem(file: string, mounts: readonly Mount[] = systemMounts()): void {
  const mount = networkMount(file, mounts);
  if (!mount) return;
  throw new StoreError(
    'NETWORK_FILESYSTEM',
    file,
    `${file}: ${mount.folder} is a network file system (${mount.type}), whose locks cannot keep a database whole while ` +
      'it is written; write it on a local disk and copy the finished file (scripts for clusters: docs/many-machines.md), ' +
      'or insist with --unsafe-filesystem',
  );
}

/** The network file system that holds a path; null on any other. The path need not exist yet. */
export function networkMount(file: string, mounts: readonly Mount[] = systemMounts()): Mount | null {
  const mount = mountOf(file, mounts);
  return mount && isNetwork(mount.type) ? mount : null;
}

export const isNetwork = (type: string): boolean => NETWORK.has(type.replace(/^fuse\./, ''));

/** The innermost mount that holds a path (of several on one folder, the latest). The path need not exist yet. */
export function mountOf(file: string, mounts: readonly Mount[]): Mount | null {
  const path = nearestExisting(resolve(file));
  const within = (folder: string) => path === folder || path.startsWith(folder === sep ? sep : folder + sep);
  return mounts.reduce<Mount | null>(
    (best, mount) =>
      within(mount.folder) && mount.folder.length >= (best?.folder.length ?? 0) ? mount : best,
    null,
  );
}

/** `path` or its nearest ancestor that exists, with links resolved. */
function nearestExisting(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(path);
    return parent === path ? path : nearestExisting(parent);
  }
}

/** The current mounts. Empty where the system does not list them; then no file is refused. */
function systemMounts(): Mount[] {
  try {
    return process.platform === 'linux'
      ? parseMountinfo(readFileSync('/proc/self/mountinfo', 'utf8'))
      : parseMountCommand(execFileSync('mount', { encoding: 'utf8' }));
  } catch {
    return [];
  }
}

/** Format: proc(5), `36 35 98:0 /root /folder options [optional fields] - type source options`, with octal escapes. */
export function parseMountinfo(text: string): Mount[] {
  return text.split('\n').flatMap(line => {
    const [mount, source] = line.split(' - ');
    const folder = mount?.split(' ')[4];
    const type = source?.split(' ')[0];
    if (folder === undefined || type === undefined) return [];
    const decoded = folder.replace(/\\([0-7]{3})/g, (_, octal) =>
      String.fromCharCode(Number.parseInt(octal, 8)),
    );
    return [{ folder: decoded, type }];
  });
}

/** Format of BSD and macOS: `//user@server/share on /Volumes/share (smbfs, nodev, ...)`. */
export function parseMountCommand(text: string): Mount[] {
  return [...text.matchAll(/ on (.+) \(([^,)]+)[^)]*\)$/gm)].map(([, folder, type]) => ({
    folder: folder!,
    type: type!,
  }));
}
