export const REPO = "octo/widgets";
export const LABEL = "rpi-auto";
/** Owner of the token and of the repository, as for most users of tac8. */
export const OWNER = "octo";
/** A user with write access who pushes to branches while tac8 works on them. */
export const OTHER_CONTRIBUTOR = "colleague";
