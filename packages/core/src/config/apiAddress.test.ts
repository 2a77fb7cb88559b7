import { expect, test } from "vitest";
import { whyNoApi } from "./apiAddress.ts";

test.each([
  ["https://github.com", /is not an API host: use https:\/\/api\.github\.com$/],
  ["https://www.github.com/", /is not an API host: use https:\/\/api\.github\.com$/],
  ["https://acme.ghe.com/api/v3", /is not an API host: use https:\/\/api\.acme\.ghe\.com$/],
  ["https://api.acme.ghe.com/api/v3", /expected https:\/\/api\.acme\.ghe\.com$/],
])("%s is no address of the API", (apiUrl, why) => {
  expect(whyNoApi(apiUrl)).toMatch(why);
});

test.each([
  "https://api.github.com",
  "https://api.github.com:443//",
  "https://API.GitHub.com",
  "https://token@api.github.com",
  "https://api.acme.ghe.com:8443/",
  "https://ghe.example.com/api/v3/",
  "https://api.ghe.com.example.com/api/v3",
  "https://api.github.com.evil.example",
  "http://127.0.0.1:4000",
  "http://[::1]:4000/",
])("%s may be one", (apiUrl) => {
  expect(whyNoApi(apiUrl)).toBeNull();
});
