import { expect, test } from "vitest";
import { parseRepository, renderConfig, shellWord } from "./answers.ts";

test.each([
  ["octo/hello", "octo/hello"],
  [" Octo-Org/hello.world_2/ ", "Octo-Org/hello.world_2"],
  ["https://github.com/octo/hello", "octo/hello"],
  ["https://github.com/octo/hello.git", "octo/hello"],
  ["git@github.com:octo/hello.git", "octo/hello"],
  ["octo", null],
  ["octo/hello/issues", null],
  ["octo/hel lo", null],
  ["-octo/hello", null],
  ['octo/"', null],
  ["", null],
])("%j is %j", (text, wanted) => {
  const found = parseRepository(text);
  expect(found === null ? null : `${found.owner}/${found.repo}`).toBe(wanted);
});

test("a configuration has its repository once, and the server if it is not the default", () => {
  const { text, problems } = renderConfig({ owner: "acme", repo: "app", apiUrl: "https://host/api/v3", appId: null });
  expect(problems).toEqual([]);
  expect(text).toContain('\nrepo_owner = "acme"\n');
  expect(text).toContain('\nrepo_name = "app"\n');
  expect(text).toContain('\napi_url = "https://host/api/v3"\n');
  expect(text).toContain('\n#repo_name = "spoon-knife"');
  expect(text).not.toContain("copy it to");
  expect(renderConfig({ owner: "acme", repo: "app", apiUrl: "ftp://x", appId: null }).problems).toHaveLength(1);
});

test.each([
  ["/home/pi/token", "/home/pi/token"],
  ["/home/my pi/it's", `'/home/my pi/it'\\''s'`],
])("%s for a shell: %s", (path, word) => expect(shellWord(path)).toBe(word));
