/** Marks the followed value. */
export const Diamond = () => (
  <svg class="followed-mark" width="9" height="9" viewBox="0 0 9 9" aria-hidden="true">
    <path d="M4.5 .5 8.5 4.5 4.5 8.5 .5 4.5z" fill="currentColor" />
  </svg>
);
