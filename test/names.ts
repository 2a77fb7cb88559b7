export const REPO = "octo/widgets";
export const LABEL = "rpi-auto";
/** The token's owner; owns the repository too, as with most people who use tac8. */
export const OWNER = "octo";
/** A user with write access who pushes to branches while tac8 works on them. */
export const COLLEAGUE = "colleague";
