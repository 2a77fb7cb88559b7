import type { Check } from "./check.ts";
import { above } from "./checks/above.ts";
import { agent } from "./checks/agent.ts";
import { board } from "./checks/board.ts";
import { budget } from "./checks/budget.ts";
import { branchRules } from "./checks/branchRules.ts";
import { clock } from "./checks/clock.ts";
import { config } from "./checks/config.ts";
import { disk } from "./checks/disk.ts";
import { folders } from "./checks/folders.ts";
import { isolation } from "./checks/isolation.ts";
import { labels } from "./checks/labels.ts";
import { leftovers } from "./checks/leftovers.ts";
import { memory } from "./checks/memory.ts";
import { node } from "./checks/node.ts";
import { notify } from "./checks/notify.ts";
import { permissions } from "./checks/permissions.ts";
import { programs } from "./checks/programs.ts";
import { proxy } from "./checks/proxy.ts";
import { questions } from "./checks/questions.ts";
import { rateLimit } from "./checks/rateLimit.ts";
import { redis } from "./checks/redis.ts";
import { runners } from "./checks/runners.ts";
import { services } from "./checks/services.ts";
import { share } from "./checks/share.ts";
import { token } from "./checks/token.ts";

/** Everything that `tac8 doctor` looks at, in its order. */
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
