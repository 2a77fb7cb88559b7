import type { Message } from "@tac8/core/notify/message";
import { send, type SendResult } from "@tac8/core/notify/send";
import { targetsOf, type TargetName } from "@tac8/core/notify/targets";
import type { Check } from "../check.ts";
import { note, ok, problem, unknown, type Finding } from "../finding.ts";

export const notify: Check = {
  name: "Notifications",
  limitMs: 30_000,
  async inspect({ config, notify: isRequested, now }, signal) {
    const targets = targetsOf(config.secrets.notify);
    if (!isRequested || targets.length === 0) return [evaluateTargets(targets.map(({ name }) => name))];
    const message = testMessage(now());
    return Promise.all(targets.map(async (target) => evaluateSent(target.name, await send(target, message, signal))));
  },
};

function testMessage(now: number): Message {
  const at = new Date(now).toISOString();
  const text = "A test by tac8 doctor: notifications of tac8 reach you here.";
  return { id: `test:${now}`, kind: "test", at, title: "tac8 test message", text, issue: null, url: null };
}

const NO_TARGET = "no notification target: GitHub does not notify you of comments that tac8 writes with your own token";

/** Evaluate the configured targets, without sending a message. Pure. */
export function evaluateTargets(names: readonly TargetName[]): Finding {
  if (names.length === 0)
    return note(NO_TARGET, "set TAC8_SLACK_URL, TAC8_NTFY_URL or TAC8_WEBHOOK_URL to get notifications");
  return note(names.join(", "), "tac8 doctor --notify sends a test message");
}

/** Pure. */
export function evaluateSent(name: TargetName, sent: SendResult): Finding {
  switch (sent.kind) {
    case "taken":
      return ok(`${name} accepted a test message`);
    case "later":
    case "refused":
      return problem(`${name}: ${sent.why}`, "check its address and token in the environment");
    case "unknown":
      return unknown(`${name}: ${sent.why}`, "check that the test message arrived");
    default:
      return sent satisfies never;
  }
}
