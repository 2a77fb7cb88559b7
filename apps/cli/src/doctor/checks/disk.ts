import { existsSync } from "node:fs";
import { statfs } from "node:fs/promises";
import { dirname } from "node:path";
import type { Config } from "@tac8/core/config/resolve";
import { BYTES_PER_INODE } from "@tac8/core/domain/freeSpace";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";

const GB = 1e9;
/** Minimum number of free inodes, also if the configuration requires less free space. */
const MIN_FILES = 10_000;

export const disk: Check = {
  name: "Disk",
  limitMs: 10_000,
  async inspect({ config }) {
    let path = config.dataFolder;
    while (!existsSync(path)) path = dirname(path); // The nearest existing folder, in which it would be created.
    const { bavail, bsize, ffree, files } = await statfs(path);
    return [evaluateDisk({ path, freeGb: (bavail * bsize) / GB, freeFiles: files === 0 ? null : ffree }, config)];
  },
};

/** Evaluate the free disk space. Pure. `freeFiles`: null if the file system has no limit. */
export function evaluateDisk(
  found: { readonly path: string; readonly freeGb: number; readonly freeFiles: number | null },
  { host, janitor }: Pick<Config, "host" | "janitor">,
): Finding {
  const free = `${found.freeGb.toFixed(1)} GB free at ${found.path}`;
  const enoughFiles = Math.max(MIN_FILES, (host.min_free_disk_gb * GB) / BYTES_PER_INODE);
  if (found.freeFiles !== null && found.freeFiles < enoughFiles) {
    return problem(
      `room for only ${found.freeFiles} more files (inodes) at ${found.path}`,
      "free up space: tac8 clean removes old data",
    );
  }
  if (found.freeGb < host.min_free_disk_gb) {
    const limit = `no new jobs start below ${host.min_free_disk_gb} GB (host.min_free_disk_gb)`;
    return problem(`${free}: ${limit}`, "free up space: tac8 clean removes old data");
  }
  if (found.freeGb < janitor.min_free_gb) {
    return note(
      `${free}: old workspaces and logs are removed early below ${janitor.min_free_gb} GB (janitor.min_free_gb)`,
    );
  }
  return ok(free);
}
