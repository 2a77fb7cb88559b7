import type { Check } from "../check.ts";
import { above } from "./above.ts";
import { agent } from "./agent.ts";
import { board } from "./board.ts";
import { budget } from "./budget.ts";
import { branchRules } from "./branchRules.ts";
import { clock } from "./clock.ts";
import { config } from "./config.ts";
import { disk } from "./disk.ts";
import { folders } from "./folders.ts";
import { isolation } from "./isolation.ts";
import { labels } from "./labels.ts";
import { leftovers } from "./leftovers.ts";
import { memory } from "./memory.ts";
import { node } from "./node.ts";
import { notify } from "./notify.ts";
import { permissions } from "./permissions.ts";
import { programs } from "./programs.ts";
import { proxy } from "./proxy.ts";
import { questions } from "./questions.ts";
import { rateLimit } from "./rateLimit.ts";
import { redis } from "./redis.ts";
import { runners } from "./runners.ts";
import { services } from "./services.ts";
import { share } from "./share.ts";
import { token } from "./token.ts";

/** All checks of `tac8 doctor`, in the order of its output. */
export const CHECKS: readonly Check[] = [
  config,
  node,
  programs,
  services,
  redis,
  share,
  proxy,
  token,
  permissions,
  branchRules,
  labels,
  rateLimit,
  questions,
  agent,
  isolation,
  budget,
  notify,
  board,
  folders,
  above,
  disk,
  memory,
  clock,
  runners,
  leftovers,
];
