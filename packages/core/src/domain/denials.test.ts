import { expect, test } from "vitest";
import { addDenials, deniedText, MAX_DENIALS } from "./denials.ts";

const redact = (text: string) => text.replaceAll("hunter2secret", "[redacted]");

test("a secret is taken out before it could be cut in two, and control codes with it", () => {
  const detail = `${"x".repeat(190)} hunter2secret \u001b[31mred\nsecond line`;
  const [denial] = addDenials(null, [{ tool: "Bash", detail }], redact) ?? [];
  expect(denial?.detail).not.toContain("hunter2");
  expect(denial?.detail.length).toBeLessThanOrEqual(200);
  expect(addDenials(null, [{ tool: "Ba\u001b[31msh", detail: "a\nb" }], redact)).toEqual([
    { tool: "Bash", detail: "a b" },
  ]);
});

test("the denials of a round's runs add up, each once, and their number is limited", () => {
  const one = addDenials(null, [{ tool: "Bash", detail: "git push" }], redact);
  expect(addDenials(one, [{ tool: "Bash", detail: "git push" }], redact)).toEqual(one);
  const many = Array.from({ length: 30 }, (_, index) => ({ tool: "Bash", detail: String(index) }));
  expect(addDenials(one, many, redact)).toHaveLength(MAX_DENIALS);
  expect(addDenials(null, [], redact)).toBeNull();
});

test("a command cannot end its code span, so nothing in it acts on GitHub", () => {
  const text = deniedText([{ tool: "Bash", detail: "echo `fixes #1` @everyone" }]);
  expect(text).toContain("\n- `Bash`: `echo 'fixes #1' @everyone`");
  expect(text).toContain("`.claude/settings.json`");
  expect(deniedText(null)).toBe("");
  expect(deniedText([])).toBe("");
});
