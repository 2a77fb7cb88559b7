import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { expect, test } from "vitest";

/** Its one thread for what takes time is busy when it begins to log. */
const PROGRAM = `
import { pbkdf2 } from "node:crypto";
import { createLogger } from ${JSON.stringify(join(import.meta.dirname, "logger.ts"))};
const log = createLogger({ name: "test", secrets: [] });
pbkdf2("a", "b", 300_000, 64, "sha512", () => undefined);
for (const word of ["first", "second", "third"]) log.fatal(word);
`;

test("fatal lines come in their order, also from a busy process", async () => {
  const child = spawn(process.execPath, ["--input-type=module", "-e", PROGRAM], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  const lines = (await text(child.stdout)).trimEnd().split("\n");
  await ended;
  expect(lines.map((line) => (JSON.parse(line) as { msg: string }).msg)).toEqual(["first", "second", "third"]);
});
