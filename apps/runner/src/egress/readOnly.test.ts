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
])("is refused because it may write: %s %s", (method, path) => {
  expect(whyNotReading({ method, path })).not.toBeNull();
});

const PAIRS = [{ find: "real-key", by: "placeholder" }];

test.each([
  [{ "x-api-key": "placeholder" }, { "x-api-key": "real-key" }],
  [{ authorization: "Bearer placeholder" }, { authorization: "Bearer real-key" }],
  [{ authorization: "placeholder" }, { authorization: "real-key" }],
  [{ "x-goog-api-key": "placeholder" }, { "x-goog-api-key": "real-key" }],
  [{ "api-key": "placeholder" }, { "api-key": "real-key" }],
  [{}, null],
  [{ "x-api-key": "real-key" }, null],
  [{ "x-api-key": "placeholder, placeholder" }, null],
  [{ "x-api-key": "Bearer placeholder" }, null],
  [{ authorization: "Bearer another" }, null],
  [{ authorization: "Bearer placeholder", "x-api-key": "another" }, null],
  [{ authorization: "Bearer placeholder more" }, null],
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

test("only a request to a model is a model request", () => {
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
