import { createRedactor } from "@tac8/core/log/redact";
import { expect, test } from "vitest";
import type { Check } from "./check.ts";
import { problem } from "./finding.ts";
import { runChecks } from "./run.ts";
import type { DoctorInput } from "./doctorInput.ts";

const SECRET = "sk-ant-0123456789abcdef";
const input = { redact: createRedactor([SECRET]) } as unknown as DoctorInput;
const check = (inspect: Check["inspect"]): Check => ({ name: "it", limitMs: 10_000, inspect });

test("the findings and errors of a check contain no secrets", async () => {
  const found = await runChecks(
    [
      check(async () => [problem(`it says: ${SECRET} is wrong`, `unset ${SECRET}`)]),
      check(() => Promise.reject(new Error(`${SECRET} is wrong`))),
    ],
    input,
  );
  expect(JSON.stringify(found)).not.toContain(SECRET);
  expect(found[0]?.findings).toMatchObject([{ status: "problem" }]);
});
