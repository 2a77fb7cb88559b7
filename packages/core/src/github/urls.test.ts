import { expect, test } from "vitest";

import { nextQuery } from "./link.ts";
import { gitUrl, repoOfApiUrl, webUrl } from "./urls.ts";

test.each([
  ["https://api.github.com", "https://github.com/o/r"],
  ["https://api.github.com/", "https://github.com/o/r"],
  ["https://ghe.example.com/api/v3", "https://ghe.example.com/o/r"],
  ["http://127.0.0.1:4000", "http://127.0.0.1:4000/o/r"],
])("%s → %s", (apiUrl, expected) => {
  expect(webUrl(apiUrl, { owner: "o", repo: "r" })).toBe(expected);
  expect(gitUrl(apiUrl, { owner: "o", repo: "r" })).toBe(`${expected}.git`);
});

test("the repository of an API address", () => {
  expect(repoOfApiUrl("https://h/api/v3/repos/o/r")).toEqual({ owner: "o", repo: "r" });
  expect(repoOfApiUrl("https://h/repositories/12")).toBeNull();
});

test.each([
  [undefined, null],
  ["", null],
  ['<https://h/x?page=1>; rel="prev", <https://h/x?a=1,2&page=3>; rel="next"', "?a=1,2&page=3"],
  ['<https://h/x?page=1>; rel="last"', null],
  ['<nonsense>; rel="next"', null],
])("the next page in %j is %j", (link, expected) => {
  expect(nextQuery(link)).toBe(expected);
});
