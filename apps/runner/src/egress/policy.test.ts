import { expect, test } from "vitest";
import { whyForbidden } from "./addresses.ts";
import { policyOf, shownTarget, targetOf } from "./policy.ts";
import { HOSTILE, NAMES } from "./testing/hostile.ts";

/** Request a tunnel with all hosts allowed. @returns the addresses that would be connected to, or the refusal */
function reached(authority: string): readonly string[] | string {
  const target = targetOf(authority);
  if (target === null) return "unreadable";
  if (policyOf(["*:9999"]).decide(target) !== "open") return "refused";
  const addresses = target.isAddress ? [target.host] : (NAMES[target.host] ?? ["93.184.215.14"]);
  return addresses.map((address) => whyForbidden(address, [])).find((why) => why !== null) ?? addresses;
}

test.each(HOSTILE)("refuses %s: %s", (_, authority) => {
  expect(reached(authority.replace("PORT", "9999"))).toBeTypeOf("string");
});

test("control: public addresses and names are reached", () => {
  expect(reached("93.184.215.14:9999")).toEqual(["93.184.215.14"]);
  expect(reached("[2606:2800:21f:cb07:6820:80da:af6b:8b2c]:9999")).toHaveLength(1);
  expect(reached("Example.ORG.:9999")).toEqual(["93.184.215.14"]);
});

test("an address of this machine is refused, whatever its range is", () => {
  expect(whyForbidden("93.184.215.14", ["93.184.215.14"])).toBe("an address of this machine");
});

test.each([
  ["registry.npmjs.org:443", [], "open"],
  ["REGISTRY.npmjs.org.:443", [], "open"],
  ["registry.npmjs.org:22", [], "refused"],
  ["evil.example:443", [], "refused"],
  ["registry.npmjs.org.evil.example:443", [], "refused"],
  ["xregistry.npmjs.org:443", [], "refused"],
  ["github.com:443", [], "read-only"],
  ["GitHub.com.:443", [], "read-only"],
  ["api.github.com:443", [], "read-only"],
  ["github.com:22", [], "refused"],
  ["ssh.github.com:443", [], "refused"],
  // A pattern does not allow pushes there.
  ["github.com:443", ["*"], "read-only"],
  ["api.github.com:443", ["*.github.com"], "read-only"],
  ["github.com:443", ["github.com"], "open"],
  // Another account's key at the model's own host would be a way to send files out.
  ["api.anthropic.com:443", [], "refused"],
  ["xn--bcher-kva.example:443", ["bücher.example"], "open"],
  ["bücher.example:443", ["bücher.example"], "open"],
  ["10.1.2.3:8080", ["10.1.2.3:8080"], "open"],
  ["10.1.2.3:443", ["10.1.2.3:8080"], "refused"],
] as const)("%s with %j: %s", (authority, allow, expected) => {
  const target = targetOf(authority);
  expect(target === null ? null : policyOf(allow).decide(target)).toBe(expected);
});

test("a private address is allowed only if it is listed itself", () => {
  const policy = policyOf(["*", "git.corp.example", "10.1.2.3:8080"]);
  expect(policy.isListed("10.1.2.3", { host: "lan.test", isAddress: false, port: 8080 })).toBe(true);
  expect(policy.isListed("10.1.2.3", { host: "lan.test", isAddress: false, port: 443 })).toBe(false);
  expect(policy.isListed("10.1.2.4", { host: "lan.test", isAddress: false, port: 8080 })).toBe(false);
});

test("messages use the canonical spelling of a host", () => {
  expect(shownTarget({ host: "2001:db8::1", isAddress: true, port: 8443 })).toBe("[2001:db8::1]:8443");
  expect(shownTarget({ host: "example.org", isAddress: false, port: 443 })).toBe("example.org");
});
