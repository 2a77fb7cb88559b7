import { agents } from "./groups/agents.ts";
import { attacks } from "./groups/attacks.ts";
import { board } from "./groups/board.ts";
import { containers } from "./groups/containers.ts";
import { gitAndDisk } from "./groups/gitAndDisk.ts";
import { github } from "./groups/github.ts";
import { isolation } from "./groups/isolation.ts";
import { limits } from "./groups/limits.ts";
import { machines } from "./groups/machines.ts";
import { network } from "./groups/network.ts";
import { notifications } from "./groups/notifications.ts";
import { oneRun } from "./groups/oneRun.ts";
import { outgoing } from "./groups/outgoing.ts";
import { pullRequests } from "./groups/pullRequests.ts";
import { recovery } from "./groups/recovery.ts";
import { service } from "./groups/service.ts";
import { trust } from "./groups/trust.ts";
import type { Mutant } from "./mutant.ts";

/** Every mutant, by the page that has its promise. */
export const MUTANTS: readonly Mutant[] = [
  ...agents,
  ...attacks,
  ...board,
  ...containers,
  ...gitAndDisk,
  ...github,
  ...isolation,
  ...limits,
  ...machines,
  ...network,
  ...notifications,
  ...oneRun,
  ...outgoing,
  ...pullRequests,
  ...recovery,
  ...service,
  ...trust,
];
