/** What is wrong and what to do, said as soon as it is so; nothing where there is nothing to say. */
export const Problem = ({ text }: { text: string | undefined | false }) =>
  text ? (
    <p class="problem" role="alert">
      {text}
    </p>
  ) : null;
