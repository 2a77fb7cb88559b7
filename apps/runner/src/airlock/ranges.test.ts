import { expect, test } from "vitest";
import type { GitAnswer, GitRun } from "../git/runGit.ts";
import { rangesOf } from "./ranges.ts";

const [A, B, C] = ["a", "b", "c"].map((letter) => letter.repeat(40)) as [string, string, string];

/** A fake git that records the commands and returns the given answers. */
function asked(answer: (args: readonly string[]) => Partial<GitAnswer>) {
  const all: string[] = [];
  const git: GitRun = async (args) => {
    all.push(args.join(" "));
    return { code: 0, bytes: Buffer.alloc(0), words: "", errorText: "", ...answer(args) };
  };
  return { git, all };
}

test("git is run once for each answer, even for two callers at the same time or in another order", async () => {
  const { git, all } = asked(() => ({ bytes: Buffer.from(`${A}\n${B}\n`) }));
  const ranges = rangesOf(git);
  const both = await Promise.all([ranges.commits(A, [B, C]), ranges.commits(A, [C, B, C])]);
  expect(both).toEqual([
    [A, B],
    [A, B],
  ]);
  await ranges.mergeBase(A, B);
  await ranges.mergeBase(A, B);
  expect(all).toEqual([`rev-list --end-of-options ${A} ^${B} ^${C}`, `merge-base ${A} ${B}`]);
  await ranges.mergeBase(A, C);
  expect(all).toHaveLength(3);
});

test("a failed command is run again, and an output that is too long has no result", async () => {
  let code: number | undefined = 128;
  const { git, all } = asked(() => ({ code, errorText: "fatal: bad object" }));
  const ranges = rangesOf(git);
  await expect(ranges.commits(A, [B])).rejects.toThrow("bad object");
  code = undefined;
  expect(await ranges.commits(A, [B])).toBeNull();
  expect(all).toHaveLength(2);
});
