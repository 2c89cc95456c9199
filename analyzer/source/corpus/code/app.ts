// Mentions PolicyStatement and nothing else.
export const nothing = 1;
