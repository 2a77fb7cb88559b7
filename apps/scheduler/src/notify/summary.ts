import { formatCents, formatNumber } from "@tac8/core/domain/formats";
import type { Counts } from "@tac8/core/ledger/count";
import { lastDays } from "@tac8/core/domain/days";
import { summarize } from "@tac8/core/ledger/summary";
import type { Message } from "@tac8/core/notify/message";

/**
 * Return the last day whose summary is due, such as `2026-11-24`. Pure.
 * @param at time on the following day, such as `08:00`
 * @param now epoch ms
 */
export function dueDay(at: string, now: number): string {
  const [hours = 0, minutes = 0] = at.split(":").map(Number);
  const time = new Date(now).setHours(hours, minutes, 0, 0);
  const [beforeYesterday = "", yesterday = ""] = lastDays(3, now);
  return now >= time ? yesterday : beforeYesterday;
}

/** Return the summary of a day. Pure. */
export function summaryMessage(day: string, counts: Counts, now: number): Message {
  const { outcomes, pullRequests, costUsd, tokens, agents } = summarize(counts);
  const ends = [
    [pullRequests, "pull requests"],
    [outcomes.pr - pullRequests, "pull requests updated"],
    [outcomes.answered, "answers"],
    [outcomes.failed, "failed"],
    [outcomes.blocked, "questions"],
    [outcomes.expired, "expired"],
    [outcomes.stopped, "stopped"],
    [outcomes.cancelled + outcomes.withdrawn, "cancelled or withdrawn"],
  ] as const;
  const some = ends.filter(([count]) => count > 0).map(([count, words]) => `${count} ${words}`);
  const figures = `${agents} agent runs, ${formatNumber(tokens)} tokens, ${formatCents(costUsd)}`;
  const text =
    agents === 0 && some.length === 0
      ? "No issue was processed."
      : `${some.join(", ") || "No issue finished"}.\n${figures}.`;
  const at = new Date(now).toISOString();
  return { id: `summary:${day}`, kind: "summary", at, title: `tac8 on ${day}`, text, issue: null, url: null };
}
