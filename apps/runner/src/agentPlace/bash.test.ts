import { expect, test } from "vitest";
import { requireBash } from "./bash.ts";

test("a machine without bash is a startup problem that says how to fix it", () => {
  expect(requireBash({ agentEnv: { PATH: "/no/such/folder:/usr/bin:/bin" } })).toMatch(/^\/(?:usr\/)?bin\/bash$/);
  expect(() => requireBash({ agentEnv: { PATH: "/no/such/folder" } })).toThrow(
    "bash was not found: install it (sudo apt-get install bash)",
  );
});
