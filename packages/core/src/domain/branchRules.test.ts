import { expect } from "vitest";
import { fieldTest } from "../testing/fieldTest.fixture.ts";
import { requirementOf, whyRefused } from "./branchRules.ts";

const facts = { branch: "auto/gh-1", exists: false, email: "tac8@localhost" };
const rule = (type: string, parameters: Record<string, unknown> = {}) => ({ type, parameters, rulesetId: 1 });
const starts = { operator: "starts_with", pattern: "users/" };

fieldTest("C2", "a rule refuses every push only where that is certain", () => {
  const refuses = (given: ReturnType<typeof rule>, more: Partial<typeof facts> = {}) =>
    whyRefused(given, { ...facts, ...more }) !== null;
  expect(refuses(rule("creation"))).toBe(true);
  expect(refuses(rule("creation"), { exists: true })).toBe(false);
  expect(refuses(rule("branch_name_pattern", starts))).toBe(true);
  expect(refuses(rule("branch_name_pattern", starts), { exists: true })).toBe(false);
  expect(refuses(rule("branch_name_pattern", starts), { branch: "users/x-1" })).toBe(false);
  expect(refuses(rule("branch_name_pattern", { ...starts, negate: true }))).toBe(false);
  expect(refuses(rule("branch_name_pattern", { operator: "regex", pattern: "(?i)^users" }))).toBe(false);
  expect(refuses(rule("required_signatures"))).toBe(true);
  expect(refuses(rule("commit_author_email_pattern", { operator: "ends_with", pattern: "@acme.com" }))).toBe(true);
  expect(refuses(rule("committer_email_pattern", { operator: "contains", pattern: "localhost" }))).toBe(false);
  // The agent writes the messages, and other rules may know exceptions.
  expect(refuses(rule("commit_message_pattern", starts))).toBe(false);
  expect(refuses(rule("required_status_checks"))).toBe(false);
  expect(refuses(rule("something_new"))).toBe(false);
  expect(requirementOf(rule("x", { ...starts, negate: true }))).toBe('must not start with "users/"');
});
