import { useEffect, useState } from "react";

/** How long the reader must rest from typing before the server is asked. */
const rest = 200;

/** useSettled is a text once nobody types any more. */
export function useSettled(text: string): string {
  const [settled, setSettled] = useState(text);
  useEffect(() => {
    const timer = setTimeout(() => setSettled(text), rest);
    return () => clearTimeout(timer);
  }, [text]);
  return settled;
}
