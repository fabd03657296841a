import type { ReactNode } from "react";

/** An icon that says nothing to those who cannot see it: what it is on does. */
function icon(content: ReactNode, box = 16) {
  return function Icon({ size = 16 }: { size?: number }) {
    return (
      <svg width={size} height={size} viewBox={`0 0 ${box} ${box}`} fill="none" stroke="currentColor" strokeWidth="1.5" strokeLinecap="round" strokeLinejoin="round" aria-hidden="true" focusable="false">
        {content}
      </svg>
    );
  };
}

export const IconCopy = icon(<><rect x="5.5" y="5.5" width="8" height="8" rx="1.5" /><path d="M10.5 5.5v-2a1 1 0 0 0-1-1h-6a1 1 0 0 0-1 1v6a1 1 0 0 0 1 1h2" /></>);
export const IconCheck = icon(<path d="m3 8.5 3.2 3.2L13 5" />);
export const IconChevron = icon(<path d="m6 3.5 4.5 4.5L6 12.5" />);
export const IconMore = icon(<><circle cx="3.2" cy="8" r=".6" fill="currentColor" /><circle cx="8" cy="8" r=".6" fill="currentColor" /><circle cx="12.8" cy="8" r=".6" fill="currentColor" /></>);
export const IconSearch = icon(<><circle cx="7" cy="7" r="4.2" /><path d="m10.3 10.3 3.2 3.2" /></>);
export const IconSun = icon(<><circle cx="8" cy="8" r="2.8" /><path d="M8 1.5v1.3M8 13.2v1.3M1.5 8h1.3M13.2 8h1.3M3.4 3.4l.9.9M11.7 11.7l.9.9M3.4 12.6l.9-.9M11.7 4.3l.9-.9" /></>);
export const IconMoon = icon(<path d="M13.2 9.6A5.6 5.6 0 0 1 6.4 2.8a5.6 5.6 0 1 0 6.8 6.8Z" />);
export const IconAuto = icon(<><circle cx="8" cy="8" r="5.5" /><path d="M8 2.5v11a5.5 5.5 0 0 0 0-11Z" fill="currentColor" /></>);
export const IconUser = icon(<><circle cx="8" cy="5.5" r="2.7" /><path d="M2.8 13.5c.6-2.6 2.6-4 5.2-4s4.6 1.4 5.2 4" /></>);
export const IconMenu = icon(<path d="M2.5 4.5h11M2.5 8h11M2.5 11.5h11" />);
export const IconClose = icon(<path d="m4 4 8 8M12 4l-8 8" />);
export const IconUp = icon(<path d="M8 12.5v-9M4.5 7 8 3.5 11.5 7" />, 16);
export const IconDown = icon(<path d="M8 3.5v9M4.5 9 8 12.5 11.5 9" />, 16);

/** The mark of the program: the flag a ship shows that asks for pratique, granted. */
export function Logo({ size = 24 }: { size?: number }) {
  return (
    <svg width={size} height={size} viewBox="0 0 32 32" aria-hidden="true" focusable="false">
      <rect x="6" y="3" width="2.6" height="26" rx="1.3" fill="#6d8296" />
      <path d="M8.6 5h17.4v13H8.6z" fill="#f2b705" />
      <path d="m12.6 11.4 3.2 3.2 6-6" fill="none" stroke="#1b2a38" strokeWidth="2.4" strokeLinecap="round" strokeLinejoin="round" />
    </svg>
  );
}
