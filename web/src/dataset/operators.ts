// The operators of a download's filters, and which of them fit a column.

export const OPERATORS: Record<string, string> = {
  eq: "is", ne: "is not", lt: "is less than", lte: "is at most", gt: "is more than", gte: "is at least",
  between: "is between", in: "is one of", notin: "is none of", contains: "contains", startswith: "starts with",
  endswith: "ends with", like: "is like", empty: "is empty text", isnull: "is NULL", notnull: "is not NULL",
};
export const WRITTEN = Object.keys(OPERATORS).filter((name) => name !== "eq" && name !== "empty");  // as column__name
export const WITHOUT_VALUE = ["empty", "isnull", "notnull"];
export const EXAMPLES: Record<string, string> = { in: "a,b,c", notin: "a,b,c", between: "from,to", like: "a%" };
const ORDERED = "eq ne lt lte gt gte between in notin isnull notnull".split(" ");

// What can be asked of a column, by the kind of its type.
export const KINDS = {
  number: { operators: ORDERED, example: "10" },
  time: { operators: ORDERED, example: "2001-01-31" },
  truth: { operators: ["eq", "isnull", "notnull"], example: "true or false" },
  text: { operators: "eq ne contains startswith endswith like in notin empty isnull notnull".split(" "), example: "" },
  other: { operators: ["isnull", "notnull"], example: "" },
};

export function kindOf(type: string): keyof typeof KINDS {
  if (type.endsWith("]")) return "other";
  if (/^(U?(TINY|SMALL|BIG|HUGE)?INT(EGER)?|BIGNUM|DECIMAL.*|DOUBLE|FLOAT)$/.test(type)) return "number";
  if (/^(DATE|TIME)/.test(type)) return "time";
  if (/^(VARCHAR|ENUM|UUID)/.test(type)) return "text";
  return type === "BOOLEAN" ? "truth" : "other";
}
