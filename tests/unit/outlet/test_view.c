/*
 * The answers of one machine with two nodes, held by the fields that matter. Their shape as a whole
 * is compared with the interface, and with what is expected of whole machines, in tests/golden.
 */
#include "unit/model/world.h"

#include "irqherd/outlet/view.h"

struct scene {
	struct world *world;
	struct cpu_load loads[8];
	uint32_t counts[64];
	struct load load;
	struct policy policy;
	struct plan plan;
	struct history history;
	struct view_counts counts_of_daemon;
	struct view view;
};

static void make_scene(struct world *world, struct scene *scene)
{
	const struct device_spec nic = {
		.addr = "0000:3b:00.0",
		.driver = "ice",
		.node = 1,
		.vectors = { { .number = 40, .index = 0, .actions = "misc" },
			     { .number = 41,
			       .index = 1,
			       .actions = "eth0-rx-0",
			       .asked = "4",
			       .effective = 5 },
			     { .number = 42,
			       .index = 2,
			       .actions = "eth0-rx-1",
			       .asked = "1",
			       .effective = 2 },
			     { .number = 43,
			       .index = 3,
			       .actions = "eth0-rx-2",
			       .asked = "5",
			       .effective = 6,
			       .managed = true },
			     { .number = 44, .index = 4 } },
	};
	const struct device_spec bridge = { .addr = "0000:00:01.0", .node = 0 };
	const struct netdev_spec netdev = {
		.ifindex = 2, .name = "eth0", .addr = nic.addr, .up = true, .queues = 3
	};
	const struct vector_spec serial = { .number = 4, .actions = "ttyS0", .effective = 1 };

	world_device(world, &nic, LOOK_START);
	world_device(world, &bridge, LOOK_START);
	world_netdev(world, &netdev);
	world_irq(world, &serial, LOOK_START);

	*scene = (struct scene){ .world = world, .plan = PLAN_INIT };
	for (size_t i = 0; i < 8; i++)
		scene->loads[i] = (struct cpu_load){ .valid = true };
	scene->counts[41] = 300;
	scene->counts[42] = 100;
	scene->load = (struct load){
		.valid = true,
		.interval_ms = 2000,
		.cpus = scene->loads,
		.cpu_count = 8,
		.irq_counts = scene->counts,
		.irq_slots = 64,
	};
	scene->policy = (struct policy){
		.threshold_ppm = 990000,
		.load_limit_ppm = 950000,
		.all_threads = true,
		.allowed = cpus("0-7"),
	};
	scene->plan.level_ppm = 990000;
	scene->view = (struct view){
		.now_ms = 100000,
		.now = 1700000000.25,
		.inventory = &world->inventory,
		.load = &scene->load,
		.policy = &scene->policy,
		.plan = &scene->plan,
		.history = &scene->history,
		.counts = &scene->counts_of_daemon,
		.version = "1",
		.running = true,
		.apply = true,
		.writes = true,
		.config_valid = true,
		.started_ms = 40000,
	};
	assert_int_equal(history_init(&scene->history, 16), 0);
}

static void drop_scene(struct scene *scene)
{
	history_deinit(&scene->history);
	plan_deinit(&scene->plan);
}

/* The value at a path like "status.irqs.total" or "irqs.2.state"; borrowed. */
static const json_t *at(const json_t *value, const char *path)
{
	while (*path) {
		size_t length = strcspn(path, ".");
		char part[64];

		assert_true(length < sizeof(part));
		memcpy(part, path, length);
		part[length] = '\0';
		value = json_is_array(value) ? json_array_get(value, (size_t) atoi(part))
					     : json_object_get(value, part);
		path += length;
		path += *path == '.';
	}
	return value;
}

static const char *text_at(const json_t *value, const char *path)
{
	const char *text = json_string_value(at(value, path));

	assert_non_null(text);
	return text;
}

static long number_at(const json_t *value, const char *path)
{
	assert_true(json_is_integer(at(value, path)));
	return (long) json_integer_value(at(value, path));
}

static void each_irq_counts_once_by_its_state(void **state)
{
	struct scene scene;
	struct irq *irq;
	json_t *status;

	make_scene(*state, &scene);
	status = view_status(&scene.view);
	assert_int_equal(number_at(status, "status.irqs.total"), 6);
	assert_int_equal(number_at(status, "status.irqs.active"), 2);
	assert_int_equal(number_at(status, "status.irqs.managed"), 1);
	assert_int_equal(number_at(status, "status.irqs.unrequested"), 1);
	assert_int_equal(number_at(status, "status.irqs.idle"), 2);
	json_decref(status);

	irq = world_find_irq(scene.world, 41);
	irq->external = true;
	irq->placement.state = PLACEMENT_STUCK; /* comes before external */
	status = view_status(&scene.view);
	assert_int_equal(number_at(status, "status.irqs.stuck"), 1);
	assert_int_equal(number_at(status, "status.irqs.external"), 0);
	assert_int_equal(number_at(status, "status.irqs.active"), 1);
	json_decref(status);
	drop_scene(&scene);
}

static void calm_ends_with_a_problem_that_is_named(void **state)
{
	struct scene scene;
	json_t *status;

	make_scene(*state, &scene);
	status = view_status(&scene.view);
	assert_string_equal(text_at(status, "status.state"), "calm");
	assert_string_equal(text_at(status, "status.mode"), "apply");
	assert_int_equal(json_array_size(at(status, "status.problems")), 0);
	json_decref(status);

	/* a freeze was asked for */
	scene.view.writes = false;
	scene.view.frozen = true;
	status = view_status(&scene.view);
	assert_string_equal(text_at(status, "status.state"), "calm");
	assert_string_equal(text_at(status, "status.mode"), "frozen");
	json_decref(status);
	scene.view.frozen = false;

	scene.view.config_valid = false;
	scene.plan.unrelieved = true;
	scene.plan.overloaded = 1;
	world_find_irq(scene.world, 41)->placement.state = PLACEMENT_STUCK;
	status = view_status(&scene.view);
	assert_string_equal(text_at(status, "status.state"), "degraded");
	assert_string_equal(text_at(status, "status.mode"), "observe");
	assert_int_equal(json_array_size(at(status, "status.problems")), 4);
	json_decref(status);

	/* who only reads has none of the daemon's problems */
	scene.view.running = false;
	status = view_status(&scene.view);
	assert_string_equal(text_at(status, "status.state"), "stopped");
	assert_int_equal(json_array_size(at(status, "status.problems")), 0);
	assert_null(at(status, "status.uptime"));
	json_decref(status);
	drop_scene(&scene);
}

static void locality_is_the_share_that_is_served_at_home(void **state)
{
	struct scene scene;
	json_t *status;

	make_scene(*state, &scene);
	/* IRQ 41 on CPU 4 of its node 1: 300; IRQ 42 on CPU 1 of node 0: 100 */
	status = view_status(&scene.view);
	assert_int_equal(json_array_size(at(status, "status.locality")), 1);
	assert_int_equal(number_at(status, "status.locality.0.interrupts"), 400);
	assert_int_equal(number_at(status, "status.locality.0.home_ppm"), 750000);
	json_decref(status);
	drop_scene(&scene);
}

static void irqs_are_listed_by_device_and_by_cpu(void **state)
{
	struct scene scene;
	json_t *reply;
	int error;

	make_scene(*state, &scene);
	reply = view_irqs(&scene.view, "eth0", CPU_NONE, &error);
	assert_int_equal(error, 0);
	assert_int_equal(json_array_size(at(reply, "irqs")), 5);
	assert_string_equal(text_at(reply, "irqs.1.slot"), "0000:3b:00.0/1");
	assert_string_equal(text_at(reply, "irqs.1.allowed"), "4-7");
	assert_true(json_is_true(at(reply, "irqs.1.at_home")));
	assert_true(json_is_false(at(reply, "irqs.2.at_home")));
	assert_int_equal(number_at(reply, "irqs.1.interrupts"), 300);
	assert_int_equal(number_at(reply, "irqs.1.queue.index"), 0);
	assert_string_equal(text_at(reply, "irqs.1.queue.kind"), "rx");
	assert_true(json_real_value(at(reply, "interval")) == 2.0);
	json_decref(reply);

	reply = view_irqs(&scene.view, NULL, 0, &error);
	assert_int_equal(json_array_size(at(reply, "irqs")), 1);
	assert_int_equal(number_at(reply, "irqs.0.irq"), 4);
	assert_string_equal(text_at(reply, "irqs.0.slot"), "irq:4");
	json_decref(reply);

	assert_null(view_irqs(&scene.view, "eth7", CPU_NONE, &error));
	assert_int_equal(error, -ENOENT);
	assert_null(view_irqs(&scene.view, NULL, 8, &error));
	assert_int_equal(error, -ENOENT);
	drop_scene(&scene);
}

static void devices_without_irqs_are_only_counted(void **state)
{
	struct scene scene;
	json_t *reply;

	make_scene(*state, &scene);
	reply = view_devices(&scene.view, false);
	assert_int_equal(json_array_size(at(reply, "devices")), 1);
	assert_int_equal(number_at(reply, "others"), 1);
	assert_string_equal(text_at(reply, "devices.0.netdevs.0.name"), "eth0");
	assert_int_equal(number_at(reply, "devices.0.managed"), 1);
	json_decref(reply);
	reply = view_devices(&scene.view, true);
	assert_int_equal(json_array_size(at(reply, "devices")), 2);
	assert_int_equal(number_at(reply, "others"), 0);
	json_decref(reply);
	drop_scene(&scene);
}

static void cpus_tell_what_fires_there_and_why_not(void **state)
{
	struct scene scene;
	json_t *reply;

	make_scene(*state, &scene);
	world_cpus(scene.world, "0-6", "6");
	scene.policy.allowed = cpus("0-4,6-7");
	scene.loads[4].load_ppm = 990000;
	reply = view_cpus(&scene.view);
	assert_int_equal(json_array_size(at(reply, "cpus")), 8);
	assert_int_equal(number_at(reply, "cpus.4.irqs.0"), 41);
	assert_int_equal(number_at(reply, "cpus.4.active"), 1);
	assert_true(json_is_true(at(reply, "cpus.4.overloaded")));
	assert_true(json_is_true(at(reply, "cpus.5.excluded")));
	assert_true(json_is_false(at(reply, "cpus.5.allowed")));
	assert_true(json_is_true(at(reply, "cpus.6.isolated")));
	assert_true(json_is_false(at(reply, "cpus.6.allowed")));
	assert_true(json_is_false(at(reply, "cpus.7.online")));
	assert_int_equal(json_array_size(at(reply, "nodes")), 2);
	assert_int_equal(number_at(reply, "nodes.0.distances.1"), 20);
	json_decref(reply);
	drop_scene(&scene);
}

static void a_planned_move_says_why(void **state)
{
	struct scene scene;
	struct move move;
	json_t *reply;
	int error;

	make_scene(*state, &scene);
	move = (struct move){
		.irq = 41,
		.generation = world_find_irq(scene.world, 41)->generation,
		.from_cpu = 4,
		.to_cpu = 6,
		.reason = REASON_OVERLOAD,
		.from_load_ppm = 995000,
	};
	assert_int_equal(plan_add(&scene.plan, &move), 0);
	reply = view_plan(&scene.view);
	assert_int_equal(json_array_size(at(reply, "plan.moves")), 1);
	assert_string_equal(text_at(reply, "plan.moves.0.result"), "planned");
	assert_string_equal(text_at(reply, "plan.moves.0.queue"), "rx-0");
	assert_string_equal(text_at(reply, "plan.moves.0.words"),
			    "CPU 4 is overloaded: its load of 99.5% is at or above threshold 99%");
	json_decref(reply);

	reply = view_explain(&scene.view, "41", &error);
	assert_non_null(
		strstr(text_at(reply, "explanation.next"), "moves to CPU 6: CPU 4 is over"));
	json_decref(reply);
	drop_scene(&scene);
}

static void what_holds_an_irq_is_told(void **state)
{
	static const struct {
		const char *target;
		const char *next;
	} cases[] = {
		{ "40", "stays: it did not fire in the last interval" },
		{ "41", "stays: CPU 4 at 50.0% is below 99%, from where on IRQs leave" },
		{ "43", "stays: the kernel manages its affinity" },
		{ "44", "nothing: no driver uses it" },
	};
	struct scene scene;
	json_t *reply;
	int error;

	make_scene(*state, &scene);
	scene.loads[4].load_ppm = 500000;
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		reply = view_explain(&scene.view, cases[i].target, &error);
		assert_string_equal(text_at(reply, "explanation.kind"), "irq");
		assert_string_equal(text_at(reply, "explanation.next"), cases[i].next);
		json_decref(reply);
	}

	world_find_irq(scene.world, 41)->placement.cooldown_until_ms = 112001;
	reply = view_explain(&scene.view, "41", &error);
	assert_string_equal(text_at(reply, "explanation.next"),
			    "stays for 13 s: it was moved a short while ago");
	json_decref(reply);
	assert_null(view_explain(&scene.view, "nothing", &error));
	assert_int_equal(error, -ENOENT);
	drop_scene(&scene);
}

static void why_cpus_are_not_allowed_is_told(void **state)
{
	struct scene scene;
	json_t *reply;
	int error;

	make_scene(*state, &scene);
	world_cpus(scene.world, "0-7", "5");
	scene.policy.allowed = cpus("0-5,7");
	reply = view_explain(&scene.view, "41", &error);
	assert_string_equal(text_at(reply, "explanation.irq.allowed"), "4,7");
	assert_string_equal(text_at(reply, "explanation.allowed_why.0"),
			    "use-cpus and exclude-cpus leave out: 6");
	assert_string_equal(text_at(reply, "explanation.allowed_why.1"),
			    "isolated, and avoided: 5");
	json_decref(reply);

	scene.policy.allowed = cpus("0-3");
	reply = view_explain(&scene.view, "eth0", &error);
	assert_string_equal(text_at(reply, "explanation.allowed_why.2"),
			    "nothing of its home is left: it is moved nowhere");
	json_decref(reply);
	drop_scene(&scene);
}

static void put_event(struct scene *scene, enum history_kind kind, unsigned int irq,
		      unsigned int index, uint64_t time_ms)
{
	struct history_entry entry = {
		.kind = kind,
		.time_ms = time_ms,
		.has_device = true,
		.addr = addr_of("0000:3b:00.0"),
		.index = index,
		.words = "words",
	};

	if (kind == HISTORY_CHANGE)
		entry.change = (struct change){ .kind = CHANGE_IRQ_RENAMED,
						.has_device = true,
						.addr = entry.addr,
						.irq = irq };
	else
		entry.move = (struct move){ .irq = irq, .from_cpu = 5, .to_cpu = 4 };
	history_put(&scene->history, &entry);
}

static void history_is_of_what_was_asked_for(void **state)
{
	static const struct {
		const char *target;
		size_t events;
	} cases[] = { { "41", 2 },   { "42", 1 },   { "eth0", 3 }, { "cpu4", 1 },
		      { "cpu5", 1 }, { "cpu6", 0 }, { "4", 0 } };
	struct scene scene;
	json_t *reply;
	int error;

	make_scene(*state, &scene);
	put_event(&scene, HISTORY_CHANGE, 41, 1, 50000);
	put_event(&scene, HISTORY_CHANGE, 42, 2, 60000);
	put_event(&scene, HISTORY_MOVE, 41, 1, 99000);
	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		reply = view_explain(&scene.view, cases[i].target, &error);
		assert_int_equal(json_array_size(at(reply, "explanation.history")),
				 cases[i].events);
		json_decref(reply);
	}

	/* times are told by the clock on the wall: 1 s before now */
	reply = view_explain(&scene.view, "41", &error);
	assert_string_equal(text_at(reply, "explanation.history.1.kind"), "move");
	assert_string_equal(text_at(reply, "explanation.history.1.move.result"), "applied");
	assert_true(json_real_value(at(reply, "explanation.history.1.time")) == 1699999999.25);
	json_decref(reply);

	reply = view_status(&scene.view);
	assert_int_equal(number_at(reply, "status.moves.last_hour"), 1);
	assert_string_equal(text_at(reply, "status.moves.last.words"), "words");
	assert_string_equal(text_at(reply, "status.events.last.kind"), "irq-renamed");
	json_decref(reply);
	drop_scene(&scene);
}

static void an_event_outlives_its_irq(void **state)
{
	struct scene scene;
	struct history_entry entry = {
		.kind = HISTORY_SETTLED,
		.time_ms = 100000,
		.placement = PLACEMENT_STUCK,
		.move = { .irq = 77, .from_cpu = CPU_NONE, .to_cpu = 2 },
		.has_device = true,
		.addr = addr_of("0000:99:00.0"),
		.index = 5,
		.netdev = "gone0",
		.words = "it was stuck",
	};
	json_t *reply;

	make_scene(*state, &scene);
	reply = view_event(&scene.view, &entry);
	assert_string_equal(text_at(reply, "event.kind"), "settled");
	assert_string_equal(text_at(reply, "event.device"), "0000:99:00.0");
	assert_string_equal(text_at(reply, "event.netdev"), "gone0");
	assert_string_equal(text_at(reply, "event.move.slot"), "0000:99:00.0/5");
	assert_string_equal(text_at(reply, "event.move.result"), "stuck");
	assert_null(at(reply, "event.move.from"));
	json_decref(reply);

	entry.kind = HISTORY_PROPOSAL;
	reply = view_event(&scene.view, &entry);
	assert_string_equal(text_at(reply, "event.kind"), "proposal");
	assert_int_equal(number_at(reply, "event.irq"), 77);
	assert_string_equal(text_at(reply, "event.move.result"), "planned");
	json_decref(reply);
	drop_scene(&scene);
}

static size_t count_problems(const struct scene *scene)
{
	json_t *reply = view_verify(&scene->view);
	size_t count = json_array_size(at(reply, "problems"));

	json_decref(reply);
	return count;
}

static void verify_names_what_is_not_as_wanted(void **state)
{
	struct scene scene;
	struct irq *irq;

	make_scene(*state, &scene);
	assert_int_equal(count_problems(&scene),
			 0); /* IRQ 42 was found out of its home: it may be */

	irq = world_find_irq(scene.world, 42);
	irq->placement.away = AWAY_REHOMED;
	assert_int_equal(count_problems(&scene), 1);
	irq->placement.away = AWAY_NO;
	scene.policy.allowed = cpus("0,2-7");
	assert_int_equal(count_problems(&scene), 1);
	scene.counts[42] = 0; /* who does not fire may sit anywhere */
	assert_int_equal(count_problems(&scene), 0);
	irq->placement.state = PLACEMENT_FAILED;
	assert_int_equal(count_problems(&scene), 1);
	irq->banned = true;
	assert_int_equal(count_problems(&scene), 0);
	drop_scene(&scene);
}

static void names_that_are_no_text_do_no_harm(void **state)
{
	const struct vector_spec odd = { .number = 5,
					 .actions = "a\xff\x01"
						    "b",
					 .effective = 1 };
	struct scene scene;
	json_t *reply;
	int error;

	make_scene(*state, &scene);
	world_irq(scene.world, &odd, LOOK_START);
	reply = view_irqs(&scene.view, NULL, 0, &error);
	assert_non_null(reply);
	assert_string_equal(text_at(reply, "irqs.1.actions"), "a??b");
	json_decref(reply);
	drop_scene(&scene);
}

static void devices_of_unknown_places_have_advice(void **state)
{
	const struct device_spec lost = {
		.addr = "0000:05:00.0",
		.node = NODE_NONE,
		.vectors = { { .number = 50, .actions = "lost" } },
	};
	struct scene scene;
	json_t *reply;
	int error;

	make_scene(*state, &scene);
	world_device(scene.world, &lost, LOOK_START);
	reply = view_explain(&scene.view, "05:00.0", &error);
	assert_non_null(strstr(text_at(reply, "explanation.advice.0"), "\"0000:05:00.0 node N\""));
	json_decref(reply);
	reply = view_status(&scene.view);
	assert_string_equal(text_at(reply, "status.remarks.0"),
			    "0000:05:00.0: the firmware tells no node, all CPUs are its home");
	json_decref(reply);
	drop_scene(&scene);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(each_irq_counts_once_by_its_state),
		world_test(calm_ends_with_a_problem_that_is_named),
		world_test(locality_is_the_share_that_is_served_at_home),
		world_test(irqs_are_listed_by_device_and_by_cpu),
		world_test(devices_without_irqs_are_only_counted),
		world_test(cpus_tell_what_fires_there_and_why_not),
		world_test(a_planned_move_says_why),
		world_test(what_holds_an_irq_is_told),
		world_test(why_cpus_are_not_allowed_is_told),
		world_test(history_is_of_what_was_asked_for),
		world_test(an_event_outlives_its_irq),
		world_test(verify_names_what_is_not_as_wanted),
		world_test(names_that_are_no_text_do_no_harm),
		world_test(devices_of_unknown_places_have_advice),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
