import { expect, test } from "vitest";
import type { GitAnswer } from "../git/runGit.ts";
import type { RunGit } from "../git/executor.ts";
import { rangesOf } from "./ranges.ts";

const [A, B, C, D] = ["a", "b", "c", "d"].map((letter) => letter.repeat(40)) as [string, string, string, string];

/** A fake git that records the commands and returns the given answers. */
function asked(answer: (args: readonly string[]) => Partial<GitAnswer>) {
  const all: string[] = [];
  const git: RunGit = async (args) => {
    all.push(args.join(" "));
    return { code: 0, bytes: Buffer.alloc(0), stderr: "", errorText: "", ...answer(args) };
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
  expect(all).toEqual([`rev-list --boundary --end-of-options ${A} ^${B} ^${C}`, `merge-base ${A} ${B}`]);
  await ranges.mergeBase(A, C);
  expect(all).toHaveLength(3);
});

test("a base that is the parent of a new commit is what both have in common, and git is not asked for it", async () => {
  const { git, all } = asked(() => ({ bytes: Buffer.from(`${A}\n-${B}\n-${D}\n`) }));
  const ranges = rangesOf(git);
  expect(await ranges.commits(A, [B, C])).toEqual([A]);
  expect(await ranges.mergeBase(B, A)).toBe(B);
  expect(all).toHaveLength(1);
  // Of these nothing is known: C is no parent, and nobody has asked about D.
  for (const other of [C, D]) await ranges.mergeBase(other, A);
  expect(all.slice(1)).toEqual([`merge-base ${C} ${A}`, `merge-base ${D} ${A}`]);
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

test("stored commits are read once for all steps, and too many or too large ones have no result", async () => {
  const listing = Buffer.from(`${A}\n${B}\n`);
  let code: number | undefined = 0;
  const { git, all } = asked(([command]) =>
    command === "rev-list" ? { bytes: listing } : { code, bytes: Buffer.from("commit 3\na\n\n\ncommit 0\n\n") },
  );
  const ranges = rangesOf(git);
  const [stored] = await Promise.all([ranges.storedCommits(A, [C, D]), ranges.storedCommits(A, [D, C])]);
  expect(stored?.map(({ sha, content }) => [sha, content.toString()])).toEqual([
    [A, "a\n\n"],
    [B, ""],
  ]);
  expect(all).toHaveLength(2);
  code = undefined;
  expect(await ranges.storedCommits(A, [C])).toBeNull();
});

test("a commit that git does not have is an error", async () => {
  const { git } = asked(([command]) => ({ bytes: Buffer.from(command === "rev-list" ? `${A}\n` : `${A} missing\n`) }));
  await expect(rangesOf(git).storedCommits(A, [B])).rejects.toThrow(`${A} missing`);
});
