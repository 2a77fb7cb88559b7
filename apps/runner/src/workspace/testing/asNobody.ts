import { execa } from "execa";

const NOBODY = 65_534;

/** Do work as a user without rights, because root may write everywhere. That user owns the folder afterwards. */
export async function asNobody(dir: string, work: () => Promise<void>): Promise<void> {
  if (process.getuid?.() !== 0) return work();
  await execa("chown", ["-R", String(NOBODY), dir]);
  process.seteuid?.(NOBODY);
  try {
    await work();
  } finally {
    process.seteuid?.(0);
  }
}
