import { expect, test } from "vitest";

import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { nextQuery } from "./link.ts";
import { gitUrl, graphqlBase, repoOfApiUrl, webUrl } from "./urls.ts";

const PLACES = [
  ["https://api.github.com", "https://github.com"],
  ["https://api.github.com/", "https://github.com"],
  ["https://api.github.com:443//", "https://github.com"],
  ["https://API.GitHub.com", "https://github.com"],
  ["http://api.github.com", "https://github.com"],
  ["https://token@api.github.com", "https://github.com"],
  ["https://api.acme.ghe.com", "https://acme.ghe.com"],
  ["https://api.acme.ghe.com/", "https://acme.ghe.com"],
  ["https://api.acme.ghe.com:8443/", "https://acme.ghe.com:8443"],
  ["https://API.Acme.GHE.com", "https://acme.ghe.com"],
  ["https://ghe.example.com/api/v3", "https://ghe.example.com"],
  ["https://ghe.example.com/api/v3/", "https://ghe.example.com"],
  ["https://ghe.example.com:8443/api/v3", "https://ghe.example.com:8443"],
  ["https://api.example.com/api/v3", "https://api.example.com"],
  ["https://api.ghe.com.example.com/api/v3", "https://api.ghe.com.example.com"],
  ["https://api.github.com.evil.example", "https://api.github.com.evil.example"],
  ["http://127.0.0.1:4000", "http://127.0.0.1:4000"],
  ["http://[::1]:4000/", "http://[::1]:4000"],
] as const;

fieldTest("C4", "pages and git are where the API's host says that they are", () => {
  const repo = { owner: "o", repo: "r" };
  const found = PLACES.map(([apiUrl]) => [apiUrl, webUrl(apiUrl, repo), gitUrl(apiUrl, repo)]);
  expect(found).toEqual(PLACES.map(([apiUrl, site]) => [apiUrl, `${site}/o/r`, `${site}/o/r.git`]));
});

test.each([
  ["https://api.github.com/", "https://api.github.com"],
  ["https://ghe.example.com/api/v3/", "https://ghe.example.com/api"],
])("GraphQL of %s is below %s", (apiUrl, base) => {
  expect(graphqlBase(apiUrl)).toBe(base);
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
