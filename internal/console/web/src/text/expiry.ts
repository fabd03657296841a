/** Until when a decision or an allowlist may hold. */
export const expiries = [
  { value: "7", label: "a week" },
  { value: "30", label: "30 days" },
  { value: "90", label: "90 days" },
  { value: "365", label: "a year" },
  { value: "day", label: "a day that I choose" },
  { value: "never", label: "no end" },
];

/** expiryOf makes the time of a choice: that of a day is its end, by the reader's clock. */
export function expiryOf(choice: string, day: string, now: Date): string | undefined {
  if (choice === "never") return undefined;
  if (choice === "day") {
    const end = new Date(day + "T00:00:00");
    if (Number.isNaN(end.getTime())) return undefined;
    end.setDate(end.getDate() + 1);
    return end.toISOString();
  }
  return new Date(now.getTime() + Number(choice) * 86_400_000).toISOString();
}
