import { expect, test } from "vitest";
import { baseUrlNames, proxyEnvironment } from "./environment.ts";

test("programs use the proxy, but not for loopback", () => {
  const env = proxyEnvironment(3128, {});
  for (const name of ["HTTP_PROXY", "https_proxy", "ALL_PROXY", "YARN_HTTPS_PROXY"]) {
    expect(env[name]).toBe("http://127.0.0.1:3128");
  }
  expect(env["no_proxy"]).toBe("localhost,127.0.0.1,::1,.localhost");
  expect(env["NODE_USE_ENV_PROXY"]).toBe("1");
  expect(env["JAVA_TOOL_OPTIONS"]).toContain("-Dhttps.proxyHost=127.0.0.1 -Dhttps.proxyPort=3128");
});

test("existing values of the environment are kept", () => {
  const before = {
    JAVA_TOOL_OPTIONS: "-Xmx1g",
    GIT_CONFIG_COUNT: "1",
    GIT_CONFIG_KEY_0: "core.editor",
    GIT_CONFIG_VALUE_0: "true",
  };
  const env = { ...before, ...proxyEnvironment(3128, before) };
  expect(env["JAVA_TOOL_OPTIONS"]).toMatch(/^-Xmx1g -D/);
  expect(env).toMatchObject({
    GIT_CONFIG_COUNT: "5",
    GIT_CONFIG_KEY_0: "core.editor",
    GIT_CONFIG_KEY_1: "url.http://github.com/.insteadOf",
    GIT_CONFIG_VALUE_1: "https://github.com/",
    GIT_CONFIG_VALUE_2: "git@github.com:",
  });
});

test.each([
  ["OPENAI_API_KEY", ["OPENAI_BASE_URL", "OPENAI_API_BASE"]],
  ["GROQ_API_KEY", ["GROQ_BASE_URL"]],
  ["SOME_TOKEN", ["SOME_BASE_URL"]],
  ["SECRET", ["SECRET_BASE_URL"]],
])("the URL for %s is in %j", (secret, names) => {
  expect(baseUrlNames(secret)).toEqual(names);
});
