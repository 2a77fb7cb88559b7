import { describe, expect, it } from "vitest";
import { formatReference, jobIdOf, parseJobId, parseReference, repoKey, sameRepo } from "./reference.ts";

const ONE = [{ owner: "Octo", repo: "Hello.js" }];
const TWO = [...ONE, { owner: "octo", repo: "other" }];

describe("job ids", () => {
  it.each([
    [{ owner: "octo", repo: "hello-world", number: 471 }, "octo.hello-world.471"],
    [{ owner: "octo", repo: "my.repo.js", number: 1 }, "octo.my.repo.js.1"],
    [{ owner: "octo", repo: ".github", number: 2 }, "octo..github.2"],
    [{ owner: "octo", repo: "v1.2.3", number: 4 }, "octo.v1.2.3.4"],
    [{ owner: "octo", repo: "a.", number: 3 }, "octo.a..3"],
  ])("%o is %s and back", (ref, id) => {
    expect(jobIdOf(ref)).toBe(id);
    expect(parseJobId(id)).toEqual(ref);
  });

  it("are the same however owner and repository are written, and fit for BullMQ", () => {
    const id = jobIdOf({ owner: "Octo", repo: "Hello.World", number: 7 });
    expect(id).toBe(jobIdOf({ owner: "octo", repo: "hello.world", number: 7 }));
    expect(id).not.toMatch(/:|^\d+$/);
  });

  it.each([
    "",
    "octo.hello.007",
    "Octo.hello.7",
    "471",
    "octo.471",
    "octo.hello",
    "octo.hello.x",
    ".hello.1",
    "octo..1",
    "octo.hello.12345678901",
  ])("%j is none", (id) => {
    expect(parseJobId(id)).toBeNull();
  });
});

describe("references", () => {
  it.each([
    ["471", 471],
    [" #471 ", 471],
    ["gh-471", 471],
    ["GH-471", 471],
    ["octo/hello.js#471", 471],
    ["OCTO/HELLO.JS#471", 471],
    ["https://github.com/Octo/Hello.js/issues/471", 471],
    ["https://github.com/octo/hello.js/pull/471/?a=b#issuecomment-1", 471],
    ["http://127.0.0.1:8080/octo/hello.js/issues/3#top", 3],
  ])("%s", (text, number) => {
    expect(parseReference(text, ONE)).toEqual({ owner: "Octo", repo: "Hello.js", number });
  });

  it.each([
    ["471", TWO, "471 matches several repositories (Octo/Hello.js, octo/other): write owner/repo#471"],
    ["stranger/repo#1", TWO, "stranger/repo is not a configured repository (Octo/Hello.js, octo/other)"],
    ["0", ONE, '"0" is not an issue: expected 471 or owner/repo#471'],
    ["octo/hello.js#0", ONE, '"octo/hello.js#0" is not an issue: expected 471 or owner/repo#471'],
    ["hello#1", ONE, '"hello#1" is not an issue: expected 471 or owner/repo#471'],
    ["", ONE, '"" is not an issue: expected 471 or owner/repo#471'],
    ["-1", ONE, '"-1" is not an issue: expected 471 or owner/repo#471'],
    ["12345678901", ONE, '"12345678901" is not an issue: expected 471 or owner/repo#471'],
  ])("%j is refused in one line", (text, repositories, message) => {
    expect(() => parseReference(text, repositories)).toThrow(message);
  });

  it("are read back as they are written", () => {
    const ref = { owner: "Octo", repo: "Hello.js", number: 5 };
    expect(parseReference(formatReference(ref), TWO)).toEqual(ref);
  });
});

it("compares repositories without their case", () => {
  expect(sameRepo({ owner: "Octo", repo: "A" }, { owner: "octo", repo: "a" })).toBe(true);
  expect(sameRepo({ owner: "octo", repo: "a" }, { owner: "octo", repo: "a.b" })).toBe(false);
  expect(repoKey({ owner: "Octo", repo: "A.b" })).toBe("octo/a.b");
});
