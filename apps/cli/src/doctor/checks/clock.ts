import { withRedis } from "../../redis/connect.ts";
import type { Check } from "../check.ts";
import { note, ok, problem, type Finding } from "../finding.ts";
import type { DoctorInput } from "../doctorInput.ts";

/** Allowed difference from GitHub's clock. GitHub's header has whole seconds, and a request takes time. */
const GITHUB_MS = 10_000;
/** Allowed difference from the clock of Redis. It is small, because delays and holds are stored there with the times of this machine. */
const REDIS_MS = 5000;

/** How far the clock of this machine is ahead, in ms; null: unknown. */
interface Ahead {
  readonly github: number | null;
  readonly redis: number | null;
}

export const clock: Check = {
  name: "Clock",
  limitMs: 20_000,
  async inspect(input, signal) {
    const [github, redis] = await Promise.all([aheadOfGitHub(input, signal), aheadOfRedis(input)]);
    return evaluateClock({ github, redis });
  },
};

async function aheadOfGitHub({ config, answerMs, now }: DoctorInput, signal: AbortSignal): Promise<number | null> {
  try {
    const before = now();
    const within = AbortSignal.any([signal, AbortSignal.timeout(answerMs)]);
    // Every response has a date. The request has no token, so that a redirect cannot leak it.
    const answer = await fetch(config.github.api_url, { method: "HEAD", redirect: "manual", signal: within });
    const theirs = Date.parse(answer.headers.get("date") ?? "");
    return Number.isNaN(theirs) ? null : (before + now()) / 2 - (theirs + 500);
  } catch {
    return null; // GitHub does not respond, which the check of the token reports.
  }
}

async function aheadOfRedis({ redisUrl, now }: DoctorInput): Promise<number | null> {
  try {
    return await withRedis(
      redisUrl,
      async (redis) => {
        const before = now();
        const [seconds, micros] = await redis.time();
        return (before + now()) / 2 - (Number(seconds) * 1000 + Number(micros) / 1000);
      },
      "",
    );
  } catch {
    return null; // Redis is unreachable, which the check of Redis reports.
  }
}

/** Pure. */
export function evaluateClock({ github, redis }: Ahead): Finding[] {
  const advice = "synchronize the clock: timedatectl set-ntp true";
  const findings: Finding[] = [];
  if (github !== null && Math.abs(github) > GITHUB_MS) findings.push(problem(difference(github, "GitHub's"), advice));
  if (redis !== null && Math.abs(redis) > REDIS_MS) {
    findings.push(problem(difference(redis, "Redis'"), `${advice}, here and where Redis runs`));
  }
  if (findings.length > 0) return findings;
  const with_ = [...(github === null ? [] : ["GitHub's"]), ...(redis === null ? [] : ["Redis'"])];
  if (with_.length === 0) return [note("cannot read the time from GitHub or Redis")];
  return [ok(`agrees with ${with_.join(" and ")}`)];
}

function difference(ahead: number, whose: string): string {
  return `it is ${Math.round(Math.abs(ahead) / 1000)} s ${ahead > 0 ? "ahead of" : "behind"} ${whose}`;
}
