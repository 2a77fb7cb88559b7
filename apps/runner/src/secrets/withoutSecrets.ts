import type { RunContext } from "../run/context.ts";
import { findInTexts } from "./findSecrets.ts";

/**
 * Return an agent's words, such as "question", for a comment of their own; where they may hold a secret, a sentence that says
 * so. They are not withheld as commits are: the issue goes on without them.
 */
export async function withoutSecrets(run: RunContext, name: string, text: string): Promise<string> {
  const { lost: signal } = run.switch;
  const { redact, config } = run.services;
  // What is known is taken out in any case, and the rest may be told.
  const answer = await findInTexts({ texts: [{ name, text: redact(text) }], values: config.secrets.values, signal });
  const isChecked = "findings" in answer && answer.unchecked === null;
  if (isChecked && answer.findings.length === 0) return text;
  const rules = isChecked ? [...new Set(answer.findings.map(({ rule }) => rule))].join(", ") : "not checked";
  run.log.warn({ rules }, `the agent's ${name} is not shown, because it may hold a secret`);
  return `(The agent's ${name} is not shown, because it may hold a secret: ${rules}. The conversation has it: tac8 view.)`;
}
