import { expect, test } from "vitest";
import { allowedBy, exitPolicy, type Named } from "./allow.ts";

function configOf(given: { api_url?: string; allow_hosts?: string[]; secrets?: Record<string, string> }): Named {
  const { api_url = "https://api.github.com", allow_hosts = [], secrets = {} } = given;
  return { github: { api_url }, agent: { allow_hosts, secrets } } as unknown as Named;
}

function listed(env: Record<string, string>, config: Named | null, host: string, port: number, address = "10.0.0.1") {
  return exitPolicy(allowedBy(env, config).entries).isListed(address, { host, isAddress: false, port });
}

test("hosts that the operator has configured may have a private address", () => {
  const config = configOf({
    api_url: "https://github.corp.test/api/v3",
    allow_hosts: ["10.0.0.1:8080", "named.test", "*"],
    secrets: { KEY: "http://model.lan:11434" },
  });
  expect(listed({}, config, "github.corp.test", 443)).toBe(true);
  expect(listed({}, config, "github.corp.test", 22)).toBe(false);
  expect(listed({}, config, "any.test", 8080)).toBe(true);
  expect(listed({}, config, "model.lan", 11434)).toBe(true);
  // Names that agents may reach must lead to public addresses.
  expect(listed({}, config, "named.test", 443)).toBe(false);
});

test.each([
  ["github:4000", "github", 4000, true],
  ["github:4000", "github", 443, false],
  ["a.test, *.lan.test:80\n10.0.0.1:5", "b.lan.test", 80, true],
  ["10.0.0.1:5", "any.test", 5, true],
  ["nas.test", "nas.test", 443, true],
  ["", "nas.test", 443, false],
])("TAC8_EXIT_ALLOW=%j: %s:%i on a private address: %s", (text, host, port, expected) => {
  expect(listed({ TAC8_EXIT_ALLOW: text }, null, host, port)).toBe(expected);
});
