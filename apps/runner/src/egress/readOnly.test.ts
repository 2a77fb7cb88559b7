import { expect, test } from "vitest";
import { pathBelow, isModelRequest, withRealKey } from "./keyed.ts";
import { whyNotReading } from "./readOnly.ts";

test.each([
  ["GET", "/octo/hello.git/info/refs?service=git-upload-pack"],
  ["POST", "/octo/hello.git/git-upload-pack"],
  ["POST", "/octo/hello/git-upload-pack"],
  ["GET", "/octo/hello/releases/download/v1/file.tar.gz"],
  ["HEAD", "/octo/hello"],
])("reads: %s %s", (method, path) => {
  expect(whyNotReading({ method, path })).toBeNull();
});

test.each([
  ["GET", "/octo/hello.git/info/refs?service=git-receive-pack"],
  ["GET", "/octo/hello.git/info/refs?service=git%2Dreceive%2Dpack"],
  ["POST", "/octo/hello.git/git-receive-pack"],
  ["POST", "/octo/hello.git/GIT-RECEIVE-PACK"],
  ["POST", "/octo/hello.git/git-upload-pack/../git-receive-pack"],
  ["POST", "/octo/hello.git/x/git-upload-pack"],
  ["POST", "/octo/hello.git/git-upload-pack?service=git-receive-pack"],
  ["POST", "/gists"],
  ["PUT", "/repos/octo/hello/contents/file"],
  ["DELETE", "/octo/hello"],
  ["PATCH", "/octo/hello"],
])("does not only read: %s %s", (method, path) => {
  expect(whyNotReading({ method, path })).not.toBeNull();
});

const PAIRS = [{ find: "real-key", by: "stand-in" }];

test.each([
  [{ "x-api-key": "stand-in" }, { "x-api-key": "real-key" }],
  [{ authorization: "Bearer stand-in" }, { authorization: "Bearer real-key" }],
  [{ authorization: "stand-in" }, { authorization: "real-key" }],
  [{ "x-goog-api-key": "stand-in" }, { "x-goog-api-key": "real-key" }],
  [{ "api-key": "stand-in" }, { "api-key": "real-key" }],
  [{}, null],
  [{ "x-api-key": "real-key" }, null],
  [{ "x-api-key": "stand-in, stand-in" }, null],
  [{ "x-api-key": "Bearer stand-in" }, null],
  [{ authorization: "Bearer another" }, null],
  [{ authorization: "Bearer stand-in", "x-api-key": "another" }, null],
  [{ authorization: "Bearer stand-in more" }, null],
])("%j becomes %j", (headers, expected) => {
  expect(withRealKey(headers, PAIRS)).toEqual(expected);
});

test.each([
  ["/v1/messages?beta=true", "/gateway/v1/messages?beta=true"],
  ["/chat/completions", "/gateway/chat/completions"],
  ["/v1/../admin", null],
  ["/v1/%2e%2e/admin", null],
  ["/v1/..%2fadmin", null],
  ["/v1/..;/admin", null],
  ["/v1/..;x=1/admin", null],
  ["/v1/.;/admin", null],
  ["/v1/..%3b/admin", null],
  ["//evil.example/v1", null],
  ["/v1\\admin", null],
  ["/v1/./messages", null],
  ["/v1/%00", null],
  ["", null],
])("%s below a base URL is %s", (path, expected) => {
  expect(pathBelow(new URL("https://api.example/gateway/"), path)).toBe(expected);
});

test("only asking a model is a model's request", () => {
  expect(isModelRequest("POST", "/v1/messages")).toBe(true);
  expect(isModelRequest("GET", "/v1/models/claude-sonnet-4-5")).toBe(true);
  for (const [method, path] of [
    ["POST", "/v1/messages/batches"],
    ["POST", "/v1/files"],
    ["POST", "/api/oauth/claude_cli/create_api_key"],
    ["GET", "/v1/organizations/users"],
    ["DELETE", "/v1/messages"],
  ] as const) {
    expect(isModelRequest(method, path)).toBe(false);
  }
});
