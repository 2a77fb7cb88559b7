import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, test } from "vitest";
import { formatPackedRefs, inPackedRefs, parsePackedRefs, readRef } from "./refFiles.ts";

const A = "a".repeat(40);
const B = "b".repeat(40);
const HEADER = "# pack-refs with: peeled fully-peeled sorted \n";

test("refs that git has written are read, and written unchanged", () => {
  const text = `${HEADER}${A} refs/heads/main\n${B} refs/tags/v1\n^${A}\n${A} refs/tags/v1.1\n`;
  const refs = parsePackedRefs(text);
  expect(Object.fromEntries(refs)).toEqual({
    "refs/heads/main": { sha: A, peeled: null },
    "refs/tags/v1": { sha: B, peeled: A },
    "refs/tags/v1.1": { sha: A, peeled: null },
  });
  expect(formatPackedRefs(refs)).toBe(text);
});

test("if the object of a tag is unknown, the file does not claim to have it", () => {
  const refs = new Map([
    ["refs/tags/b", { sha: B }],
    ["refs/tags/a", { sha: A, peeled: B }],
  ]);
  expect(formatPackedRefs(refs)).toBe(`# pack-refs with: sorted \n${A} refs/tags/a\n${B} refs/tags/b\n`);
  expect(parsePackedRefs(formatPackedRefs(refs)).get("refs/tags/a")).toEqual({ sha: A });
});

test("refs are sorted by bytes, and invalid lines are left out", () => {
  const names = ["refs/tags/é", "refs/tags/😀", "refs/tags/\uffee", "refs/tags/z", "refs/tags/a-b", "refs/tags/a/b"];
  const refs = new Map(names.map((name) => [name, { sha: A, peeled: null }]));
  const order = [...formatPackedRefs(refs).matchAll(/refs\/tags\/(\S+)/g)].map(([, name]) => name);
  expect(order).toEqual(["a-b", "a/b", "z", "é", "\uffee", "😀"]);
  expect(parsePackedRefs(`rubbish\n^${A}\n${A}\nxyz refs/tags/x\n`).size).toBe(0);
});

test("packed refs match only the complete name, not its beginning or end", () => {
  const packed = Buffer.from(
    `${HEADER}${A} refs/heads/feat/main\n${B} refs/heads/main\n^${A}\n${A} refs/heads/main-2\n`,
  );
  expect(inPackedRefs(packed, "refs/heads/main")).toBe(B);
  expect(inPackedRefs(packed, "refs/heads/feat/main")).toBe(A);
  expect([inPackedRefs(packed, "refs/heads/mai"), inPackedRefs(packed, "heads/main")]).toEqual([null, null]);
  expect(inPackedRefs(Buffer.from(`rubbish refs/heads/main\n`), "refs/heads/main")).toBeNull();
});

test("a ref's own file takes precedence over packed refs, and no file outside the refs is read", async () => {
  const dir = await mkdtemp(join(tmpdir(), "tac8-refs-"));
  try {
    const repository = join(dir, "r.git");
    await mkdir(join(repository, "refs/heads"), { recursive: true });
    await writeFile(join(repository, "packed-refs"), `${HEADER}${A} refs/heads/main\n${A} refs/heads/old\n`);
    await writeFile(join(repository, "refs/heads/main"), `${B}\n`);
    await writeFile(join(repository, "refs/heads/link"), "ref: refs/heads/main\n");
    await writeFile(join(dir, "secret"), `${B}\n`);
    const read = (name: string) => readRef(repository, name);
    expect(await read("refs/heads/main")).toBe(B);
    expect(await read("refs/heads/old")).toBe(A);
    const others = ["none", "link", "", "../../../secret"].map((name) => `refs/heads/${name}`);
    const found = await Promise.all([...others, "refs/heads", "HEAD"].map(read));
    expect(found).toEqual(found.map(() => null));
    expect(await readRef(join(dir, "none"), "refs/heads/main")).toBeNull();
    await writeFile(join(repository, "refs/heads/old"), "");
    expect(await read("refs/heads/old")).toBeNull();
    await rm(join(repository, "refs/heads/old"));
    // An unreadable file does not mean that the branch is missing.
    await symlink("loop", join(repository, "refs/heads/loop"));
    await expect(read("refs/heads/loop")).rejects.toThrow(/ELOOP/);
    await rm(join(repository, "packed-refs"));
    await mkdir(join(repository, "packed-refs"));
    expect(await read("refs/heads/main")).toBe(B);
    await expect(read("refs/heads/old")).rejects.toThrow(/EISDIR/);
  } finally {
    await rm(dir, { recursive: true });
  }
});
