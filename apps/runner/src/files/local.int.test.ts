import { chmod, mkdir, mkdtemp, readdir, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { execa } from "execa";
import { afterEach, beforeEach, expect, test } from "vitest";
import { hasStopFile } from "../workspace/messageFiles.ts";
import { readText } from "./files.ts";
import { localFiles, readLocalFile } from "./local.ts";

let dir = "";
let file = "";
beforeEach(async () => {
  dir = await mkdtemp(join(tmpdir(), "tac8-plain-"));
  file = join(dir, "file");
});
afterEach(() => rm(dir, { recursive: true }));

test("reads a file's text, up to the requested size", async () => {
  await writeFile(file, "12345");
  expect(await readText(localFiles, file, 100)).toBe("12345");
  expect(await readText(localFiles, file, 3)).toBe("123");
});

test.each([
  ["nothing", () => undefined],
  ["a folder", () => mkdir(file)],
  ["a pipe without a writer", () => execa("mkfifo", [file])],
  ["an endless device", () => symlink("/dev/zero", file)],
  ["a link to nowhere", () => symlink(join(dir, "nowhere"), file)],
])("%s is not a plain file, whether links are followed or not", async (_what, make) => {
  await make();
  for (const followLinks of [false, true]) expect(await readLocalFile(file, 100, { followLinks })).toBeNull();
});

test("a link to a file is followed only on request", async () => {
  await writeFile(join(dir, "other"), "other");
  await symlink(join(dir, "other"), file);
  expect(await localFiles.readFile(file, 100)).toBeNull();
  expect(String(await readLocalFile(file, 100, { followLinks: true }))).toBe("other");
});

test("a link named STOP stops a run, even if it is broken", async () => {
  expect(await hasStopFile(localFiles, dir)).toBe(false);
  await symlink(join(dir, "nowhere"), join(dir, "STOP"));
  expect(await hasStopFile(localFiles, dir)).toBe(true);
});

test("a removed tree takes nothing with it that its links lead to", async () => {
  const kept = join(dir, "kept");
  await mkdir(join(kept, "below"), { recursive: true });
  await writeFile(join(kept, "below", "file"), "");
  const tree = join(dir, "tree");
  await mkdir(join(tree, "a", "b"), { recursive: true });
  for (let index = 0; index < 200; index += 1) await writeFile(join(tree, "a", "b", String(index)), "");
  await symlink(kept, join(tree, "a", "folder"));
  await symlink(join(kept, "below", "file"), join(tree, "file"));
  await execa("mkfifo", [join(tree, "pipe")]);
  await localFiles.remove(tree);
  await symlink(kept, tree);
  await localFiles.remove(tree);
  expect(await readdir(dir)).toEqual(["kept"]);
  expect(await readdir(join(kept, "below"))).toEqual(["file"]);
  await localFiles.remove(join(dir, "missing"));
});

test("a removal removes nothing that a link leads to, even if the path ends with a slash", async () => {
  const kept = join(dir, "kept");
  await mkdir(kept);
  await writeFile(join(kept, "file"), "");
  await symlink(kept, join(dir, "link"));
  await localFiles.remove(`${join(dir, "link")}/`);
  expect(await readdir(kept)).toEqual(["file"]);
  await mkdir(join(dir, "tree", "below"), { recursive: true });
  await localFiles.remove(`${join(dir, "tree")}/`);
  expect((await readdir(dir)).toSorted()).toEqual(["kept", "link"]);
});

test("other work continues while the file system removes a large file", async () => {
  const tree = join(dir, "tree");
  await mkdir(tree);
  await writeFile(join(tree, "large"), Buffer.alloc(8 * 1024 ** 2, 1));
  let turns = 0;
  setImmediate(() => (turns += 1));
  await localFiles.remove(tree);
  expect(turns).toBe(1);
  expect(await readdir(dir)).toEqual([]);
});

/** Makes a folder, and below it closed ones with a file, whose path is longer than a system call takes (4096 bytes). */
const NEST = `
my ($how, $dir) = @ARGV;
sub into { mkdir $_[0] and chdir $_[0] or die "$_[0]: $!" }
into($_) for "nest", "above", ("0123456789") x 500, "closed", "b";
open(my $file, ">", "file") or die $!;
chdir "../.." or die $!;
chmod 0, $_ or die $! for "closed/b", "closed";
chmod 0, "$dir/nest/above" or die $! if $how eq "closed";`;

test.each(["open", "closed"])("a folder that an agent has nested too deep for any path is removed: %s", async (how) => {
  // Root enters every folder, so the files are those of an ordinary user, and so is the process that removes them.
  const nobody = process.getuid?.() === 0 ? ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"] : [];
  await chmod(dir, 0o777);
  const as = (program: string[]) => {
    const [name = "", ...args] = [...nobody, ...program];
    return execa(name, args, { cwd: dir, env: { HOME: dir } });
  };
  await as(["perl", "-e", NEST, how, dir]);
  const source = `import { localFiles } from ${JSON.stringify(new URL("local.ts", import.meta.url).href)};
await localFiles.remove(${JSON.stringify(join(dir, "nest"))});`;
  await as([process.execPath, "--input-type=module-typescript", "--eval", source]);
  expect(await localFiles.exists(join(dir, "nest"))).toBe(false);
});
