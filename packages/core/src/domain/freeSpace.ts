/** Fields of `statfs(2)`, as Node returns them. */
export interface FileSystem {
  /** Blocks that an ordinary user can still write. */
  readonly bavail: number;
  readonly bsize: number;
  /** Inodes; 0: the file system has no limit. */
  readonly files: number;
  readonly ffree: number;
}

/** ext4 makes one inode for this many bytes of its disk (`inode_ratio` in mke2fs.conf). */
export const BYTES_PER_INODE = 16 * 1024;

/**
 * Free space of a file system, in bytes. A free inode counts as 16 KiB, because without inodes no file can be created however many
 * bytes are free: millions of empty files use up an ext4 disk that seems to be nearly empty. Pure.
 */
export function freeBytes({ bavail, bsize, files, ffree }: FileSystem): number {
  const bytes = bavail * bsize;
  return files > 0 ? Math.min(bytes, ffree * BYTES_PER_INODE) : bytes;
}
