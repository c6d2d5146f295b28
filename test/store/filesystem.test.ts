import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import {
  isNetwork,
  parseMountCommand,
  parseMountinfo,
  refuseNetworkFilesystem,
} from '../../src/store/file/filesystem.js';

let home: string;
beforeEach(() => {
  home = realpathSync(mkdtempSync(join(tmpdir(), 'espalier-mounts-')));
  mkdirSync(join(home, 'share', 'deep'), { recursive: true });
});
afterEach(() => rmSync(home, { recursive: true, force: true }));

const mounts = () => [
  { folder: '/', type: 'ext4' },
  { folder: join(home, 'share'), type: 'nfs4' },
  { folder: join(home, 'share', 'deep'), type: 'tmpfs' },
];
const refusal = (file: string) => {
  try {
    refuseNetworkFilesystem(file, mounts());
    return null;
  } catch (error) {
    return error as { code: string; message: string };
  }
};

describe('a database on a network file system', () => {
  it('is refused with the reason and the option that permits it', () => {
    const file = join(home, 'share', 'new', 'folder', 'a.sqlite');
    const error = refusal(file)!;
    expect(error.code).toBe('NETWORK_FILESYSTEM');
    expect(error.message).toContain(`${file}: ${join(home, 'share')} is a network file system (nfs4)`);
    expect(error.message).toContain('--unsafe-filesystem');
    expect(error.message).not.toContain('\n');
  });

  it('is found behind links, and not next to or above the mount', () => {
    symlinkSync(join(home, 'share'), join(home, 'link'));
    expect(refusal(join(home, 'link', 'a.sqlite'))).not.toBeNull();
    for (const local of ['a.sqlite', 'shared.sqlite', 'share2/a.sqlite', 'share/deep/a.sqlite'])
      expect([local, refusal(join(home, local))]).toEqual([local, null]);
  });

  it('is refused by type', () => {
    for (const type of ['nfs', 'nfs4', 'cifs', 'smbfs', 'fuse.sshfs', '9p', 'ceph', 'fuse.glusterfs'])
      expect([type, isNetwork(type)]).toEqual([type, true]);
    for (const type of [
      'ext4',
      'xfs',
      'btrfs',
      'zfs',
      'apfs',
      'tmpfs',
      'overlay',
      'fuseblk',
      'fuse.mergerfs',
    ])
      expect([type, isNetwork(type)]).toEqual([type, false]);
  });
});

it('reads the tables of Linux and of BSD', () => {
  const linux = parseMountinfo(
    '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw\n' +
      '95 22 0:44 / /mnt/my\\040data rw shared:2 master:1 - nfs4 server:/export rw,vers=4.2\n',
  );
  expect(linux).toEqual([
    { folder: '/', type: 'ext4' },
    { folder: '/mnt/my data', type: 'nfs4' },
  ]);
  const mac = parseMountCommand(
    '/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)\n' +
      '//me@server/share on /Volumes/my share (smbfs, nodev, nosuid, mounted by me)\n' +
      'map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)\n',
  );
  expect(mac.map(({ type }) => type)).toEqual(['apfs', 'smbfs', 'autofs']);
  expect(mac[1]).toEqual({ folder: '/Volumes/my share', type: 'smbfs' });
});
