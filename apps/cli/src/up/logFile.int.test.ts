import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { openLogFile } from "./logFile.ts";

let dir: string;
beforeEach(() => {
  dir = mkdtempSync(join(tmpdir(), "tac8-log-"));
});
afterEach(() => rmSync(dir, { recursive: true }));

it("keeps one old file and continues after a restart", () => {
  const path = join(dir, "logs", "runner.log");
  for (let index = 0; index < 10; index += 1) {
    const file = openLogFile({ path, warn: () => undefined, maxBytes: 20 });
    file.append(`line ${index} 8901`);
    file.close();
  }
  expect(readdirSync(join(dir, "logs"))).toEqual(["runner.log", "runner.log.1"]);
  expect(readFileSync(path, "utf8")).toBe("line 8 8901\nline 9 8901\n");
  expect(readFileSync(`${path}.1`, "utf8")).toBe("line 6 8901\nline 7 8901\n");
});

it("warns once that it cannot write", () => {
  const output: string[] = [];
  const file = openLogFile({ path: "/dev/full", warn: (line) => output.push(line) });
  file.append("one");
  file.append("two");
  expect(output).toEqual([expect.stringContaining("/dev/full cannot be written: ENOSPC")]);
  file.close();
});
