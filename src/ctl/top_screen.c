/*
 * curses is told whole rows in runs of one style, and finds out itself what changed on the
 * terminal. What others write to standard error meanwhile would tear the picture: it goes nowhere
 * until the end.
 */
#include "irqherd/ctl/top_screen.h"

#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <ncursesw/curses.h>
#include <ncursesw/term.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "irqherd/base/macro.h"

struct top_screen {
	SCREEN *screen;
	bool color;
	int saved_stderr;
	struct sigaction saved[4];
};

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
static volatile sig_atomic_t ended;

static void end(int number)
{
	(void) number;
	ended = 1;
}

static void catch_signals(struct top_screen *screen)
{
	struct sigaction action = { .sa_handler = end };

	ended = 0;
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		(void) sigaction(ending[i], &action, &screen->saved[i]);
}

static void release_signals(const struct top_screen *screen)
{
	for (size_t i = 0; i < ARRAY_SIZE(ending); i++)
		(void) sigaction(ending[i], &screen->saved[i], NULL);
}

static void mute_stderr(struct top_screen *screen)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	screen->saved_stderr = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	if (null >= 0 && screen->saved_stderr >= 0)
		(void) dup2(null, STDERR_FILENO);
	if (null >= 0)
		(void) close(null);
}

static void init_colors(void)
{
	/* the same as in the other pictures */
	static const short hues[STYLE_NODES] = { COLOR_CYAN,  COLOR_MAGENTA, COLOR_BLUE,
						 COLOR_GREEN, COLOR_CYAN,    COLOR_MAGENTA };

	(void) start_color();
	(void) use_default_colors();
	(void) init_pair(STYLE_WARM, COLOR_YELLOW, -1);
	(void) init_pair(STYLE_HOT, COLOR_RED, -1);
	(void) init_pair(STYLE_NOTE, COLOR_GREEN, -1);
	for (short i = 0; i < STYLE_NODES; i++)
		(void) init_pair((short) (STYLE_NODE + i), hues[i], -1);
}

/* curses takes a terminal that cannot (TERM=dumb) and shows nothing on it. */
static bool can_place_cursor(void)
{
	const char *address = tigetstr("cup");

	return address && address != (const char *) -1;
}

struct top_screen *top_screen_new(bool color)
{
	struct top_screen *screen = calloc(1, sizeof(*screen));

	if (!screen)
		return NULL;
	(void) setlocale(LC_ALL, "");
	screen->screen = newterm(NULL, stdout, stdin);
	if (screen->screen && !can_place_cursor()) {
		(void) endwin();
		delscreen(screen->screen);
		screen->screen = NULL;
	}
	if (!screen->screen) {
		free(screen);
		errno = ENOTTY;
		return NULL;
	}
	catch_signals(screen);
	mute_stderr(screen);
	screen->color = color && has_colors();
	if (screen->color)
		init_colors();
	(void) cbreak();
	(void) noecho();
	(void) nonl();
	(void) intrflush(stdscr, FALSE);
	(void) keypad(stdscr, TRUE);
	(void) set_escdelay(25);
	(void) curs_set(0);
	return screen;
}

struct top_screen *top_screen_free(struct top_screen *screen)
{
	if (!screen)
		return NULL;
	(void) endwin();
	delscreen(screen->screen);
	if (screen->saved_stderr >= 0) {
		(void) dup2(screen->saved_stderr, STDERR_FILENO);
		(void) close(screen->saved_stderr);
	}
	release_signals(screen);
	free(screen);
	return NULL;
}

void top_screen_size(unsigned int *ret_width, unsigned int *ret_height)
{
	*ret_width = COLS > 0 ? (unsigned int) COLS : 80;
	*ret_height = LINES > 0 ? (unsigned int) LINES : 24;
}

static attr_t attributes(const struct top_screen *screen, const struct canvas_cell *cell)
{
	attr_t attr = A_NORMAL;

	switch ((enum style) cell->style) {
	case STYLE_DIM:
		attr = A_DIM;
		break;
	case STYLE_BOLD:
	case STYLE_HOT:
		attr = A_BOLD;
		break;
	case STYLE_BAR:
		attr = A_REVERSE;
		break;
	default:
		break;
	}
	/* The hues repeat in bold. */
	if (cell->style >= STYLE_NODE + 4)
		attr = A_BOLD;
	if (cell->selected)
		attr |= A_REVERSE;
	if (screen->color && cell->style >= STYLE_WARM && cell->style != STYLE_BAR)
		attr |= COLOR_PAIR(cell->style);
	return attr;
}

static void show_row(const struct top_screen *screen, const struct canvas *canvas, unsigned int y)
{
	const struct canvas_cell *row = canvas->cells + (size_t) y * canvas->width;

	(void) move((int) y, 0);
	for (unsigned int x = 0; x < canvas->width; x++) {
		char text[4];

		(void) attrset((int) attributes(screen, &row[x]));
		/* The last cell of the screen cannot be written without scrolling: it stays. */
		if (y + 1 == canvas->height && x + 1 == canvas->width && row[x].character == ' ')
			break;
		(void) addnstr(text, (int) utf8_encode(row[x].character, text));
	}
	(void) attrset(A_NORMAL);
}

void top_screen_show(const struct top_screen *screen, const struct canvas *canvas)
{
	(void) erase();
	for (unsigned int y = 0; y < canvas->height; y++)
		show_row(screen, canvas, y);
	(void) refresh();
}

enum top_event top_screen_wait(struct top_screen *screen, int timeout_ms, enum top_key *ret_key,
			       char *ret_character)
{
	static const struct {
		int code;
		enum top_key key;
	} codes[] = {
		{ KEY_UP, TOP_KEY_UP },         { KEY_DOWN, TOP_KEY_DOWN },
		{ KEY_LEFT, TOP_KEY_LEFT },     { KEY_RIGHT, TOP_KEY_RIGHT },
		{ KEY_PPAGE, TOP_KEY_PAGE_UP }, { KEY_NPAGE, TOP_KEY_PAGE_DOWN },
		{ KEY_HOME, TOP_KEY_HOME },     { KEY_END, TOP_KEY_END },
		{ KEY_ENTER, TOP_KEY_ENTER },   { '\r', TOP_KEY_ENTER },
		{ '\n', TOP_KEY_ENTER },        { 27, TOP_KEY_ESCAPE },
		{ 127, TOP_KEY_BACKSPACE },     { 8, TOP_KEY_BACKSPACE },
		{ KEY_F(1), TOP_KEY_HELP },     { KEY_BACKSPACE, TOP_KEY_BACKSPACE },
	};
	int code;

	(void) screen;
	timeout(timeout_ms);
	code = getch();
	if (ended)
		return TOP_EVENT_END;
	if (code == ERR)
		return isatty(STDIN_FILENO) ? TOP_EVENT_TIMEOUT : TOP_EVENT_END;
	if (code == KEY_RESIZE)
		return TOP_EVENT_RESIZE;
	*ret_character = '\0';
	for (size_t i = 0; i < ARRAY_SIZE(codes); i++)
		if (code == codes[i].code) {
			*ret_key = codes[i].key;
			return TOP_EVENT_KEY;
		}
	*ret_key = TOP_KEY_CHARACTER;
	*ret_character = code >= ' ' && code <= '~' ? (char) code : '\0';
	return TOP_EVENT_KEY;
}
