import { expect, test } from "vitest";
import { isAllowedBy, parseAllowedHost } from "./allowedHost.ts";
import { problemsOf, configOf, REPOSITORY } from "./testing.fixture.ts";

test.each([
  ["registry.example.org", { kind: "name", host: "registry.example.org", port: null }],
  ["Registry.Example.ORG.", { kind: "name", host: "registry.example.org", port: null }],
  ["bücher.example:8443", { kind: "name", host: "xn--bcher-kva.example", port: 8443 }],
  ["*.example.org", { kind: "below", host: "example.org", port: null }],
  ["*", { kind: "any", host: "", port: null }],
  ["*:8443", { kind: "any", host: "", port: 8443 }],
  ["10.1.2.3:8080", { kind: "address", host: "10.1.2.3", port: 8080 }],
  ["[2001:db8::1]:443", { kind: "address", host: "2001:db8::1", port: 443 }],
  ["2001:DB8:0::1", { kind: "address", host: "2001:db8::1", port: null }],
])("reads %s", (text, expected) => {
  expect(parseAllowedHost(text)).toEqual(expected);
});

test.each([
  "",
  "https://example.org",
  "example.org/path",
  "user@example.org",
  "example.org:0",
  "example.org:65536",
  "example.org:http",
  "a.*.example.org",
  "**",
  "*.10.1.2.3",
  "0x7f.1",
  "2130706433",
  "exa mple.org",
  "example..org",
])("refuses %j", (text) => {
  expect(parseAllowedHost(text)).toBeNull();
});

test.each([
  ["example.org", "example.org", 443, true],
  ["example.org", "example.org", 80, true],
  ["example.org", "example.org", 22, false],
  ["example.org", "a.example.org", 443, false],
  ["*.example.org", "a.b.example.org", 443, true],
  ["*.example.org", "example.org", 443, false],
  ["*.example.org", "badexample.org", 443, false],
  ["example.org:8443", "example.org", 443, false],
  ["*", "anything.test", 443, true],
  ["*", "anything.test", 22, false],
])("%s and %s:%d: %s", (entry, host, port, allowed) => {
  const parsed = parseAllowedHost(entry);
  expect(parsed !== null && isAllowedBy(parsed, { host, port })).toBe(allowed);
});

test("bad values give one clear line each, with the key", () => {
  const agent = `[agent]\nallow_hosts = ["example.org", "https://example.org"]\nsecrets = { OPENAI_API_KEY = "not a url", GITHUB_TOKEN = "api.example.org" }\n`;
  expect(problemsOf({ text: REPOSITORY + agent })).toEqual({
    "agent.allow_hosts.1":
      'found "https://example.org": expected a host such as registry.example.org, *.example.org:8443 or 10.1.2.3:8080, without a scheme or a path',
    "agent.secrets.OPENAI_API_KEY": 'found "not a url": expected a host or a URL, such as https://api.openai.com/v1',
    "agent.secrets.GITHUB_TOKEN": 'found "api.example.org": GITHUB_TOKEN is a secret of tac8, which agents never get',
  });
});

test("a key of agent.secrets is one of the agent's variables, and is redacted", () => {
  const agent = `[agent]\nsecrets = { OPENAI_API_KEY = "api.openai.com/v1" }\n`;
  const config = configOf({ text: REPOSITORY + agent, env: { OPENAI_API_KEY: "sk-proj-something" } });
  expect(config.agentEnv).toMatchObject({ OPENAI_API_KEY: "sk-proj-something" });
  expect(config.secrets.values).toContain("sk-proj-something");
});
