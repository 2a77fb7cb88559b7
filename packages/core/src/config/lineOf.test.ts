import { expect, test } from "vitest";
import { lineOf } from "./lineOf.ts";

const TEXT = `# comment
[github]
repo_owner = "octo"
"repo_name" = "hello"

[[repositories]]
repo_name = "a"
[[repositories]]
repo_name = "b"
[llm]
# max = 1
`;

test.each<[PropertyKey[], number | null]>([
  [["github", "repo_owner"], 3],
  [["github", "repo_name"], 4],
  [["repositories", 0, "repo_name"], 7],
  [["repositories", 1, "repo_name"], 9],
  [["repositories", 1], 8],
  [["github", "label_done"], 2],
  [["llm", "max"], 10],
  [["board", "port"], null],
  [[], null],
])("%j is in line %s", (path, line) => {
  expect(lineOf(TEXT, path)).toBe(line);
});
