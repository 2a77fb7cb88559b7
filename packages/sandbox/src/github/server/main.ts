import { mkdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { seedDemo } from "../../demo/seed.ts";
import { startGitHub } from "./local-github.ts";

/** The demo's GitHub as a program of its own: `SANDBOX_HOST`, `SANDBOX_PORT`, `SANDBOX_DIR`, `SANDBOX_PUBLIC_URL`, `SANDBOX_CONTROL=1`. */
const { SANDBOX_HOST: host = "127.0.0.1", SANDBOX_PUBLIC_URL: publicUrl, SANDBOX_CONTROL } = process.env;
process.title = "tac8 github";
const port = Number(process.env["SANDBOX_PORT"] ?? 4000);
const dir = join(process.env["SANDBOX_DIR"] ?? join(tmpdir(), "tac8-local-github"), "repositories");

try {
  // What it knew besides git was in memory only: it starts from nothing. The folder itself may be a mount.
  await rm(dir, { recursive: true, force: true });
  await mkdir(dir, { recursive: true });
  const github = await startGitHub({
    dir,
    host,
    port,
    control: SANDBOX_CONTROL === "1",
    ...(publicUrl === undefined ? {} : { publicUrl }),
  });
  const { repository } = await seedDemo(github);
  console.log(`local GitHub with ${repository} on ${github.publicUrl}`);
  const close = () => {
    github.close().then(
      () => process.exit(0),
      () => process.exit(1),
    );
  };
  process.once("SIGTERM", close).once("SIGINT", close);
  // A child of `tac8 demo`: the end of its standard input says that its parent ended.
  if (process.env["TAC8_STOP_ON_STDIN_EOF"] === "1") process.stdin.once("end", close).resume();
} catch (error) {
  console.error(
    `cannot start the local GitHub on ${host}:${port}: ${error instanceof Error ? error.message : String(error)}`,
  );
  process.exit(1);
}
