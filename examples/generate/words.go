package main

// Common names of many regions. Pairs are drawn by chance; that somebody is called the same is coincidence.
var firstNames = []string{
	"Aaron", "Ada", "Adaeze", "Aisha", "Akira", "Alan", "Alejandro", "Alice", "Amara", "Amit", "Ana", "Andrea", "Anika", "Anton",
	"Astrid", "Beatriz", "Ben", "Björn", "Bruno", "Camille", "Carla", "Carlos", "Chen", "Chiara", "Chidi", "Clara", "Daniel",
	"Daria", "David", "Deepa", "Diego", "Edith", "Elena", "Elif", "Emil", "Emma", "Erik", "Esther", "Farid", "Fatima", "Felix",
	"Fiona", "Frank", "Freya", "Gabriel", "George", "Giulia", "Grace", "Hana", "Hannah", "Hassan", "Helen", "Henrik", "Hugo",
	"Ibrahim", "Ines", "Ingrid", "Irene", "Ivan", "Jack", "Jakub", "Jan", "Jana", "Jean", "Joana", "Johan", "Jorge", "José",
	"Julia", "Kaito", "Karim", "Katarina", "Keiko", "Kofi", "Lars", "Laura", "Layla", "Lea", "Leo", "Linh", "Lucas", "Lucía",
	"Magnus", "Maja", "Marco", "Maria", "Marta", "Martin", "Mei", "Mira", "Mohamed", "Nadia", "Nia", "Nicolas", "Nina", "Noah",
	"Nora", "Oliver", "Olga", "Omar", "Oscar", "Pablo", "Paula", "Petra", "Priya", "Rafael", "Rahul", "Renée", "Rita", "Robert",
	"Rosa", "Ruth", "Samir", "Sana", "Sara", "Simon", "Sofia", "Sven", "Tariq", "Thea", "Tomás", "Uma", "Vera", "Viktor",
	"Wei", "Yara", "Yuki", "Zoë",
}

var lastNames = []string{
	"Abara", "Ahmed", "Almeida", "Andersen", "Bakker", "Baptiste", "Bauer", "Becker", "Bennett", "Berg", "Bianchi", "Brandt",
	"Brown", "Castro", "Chen", "Clarke", "Conti", "Costa", "Cruz", "Dahl", "Das", "Davies", "de Vries", "Diallo", "Diaz", "Dubois",
	"Eriksen", "Evans", "Farah", "Fernández", "Fischer", "Fontaine", "Fuchs", "Garcia", "Gomes", "Graham", "Greco", "Gupta",
	"Haas", "Hall", "Hansen", "Haddad", "Hoang", "Holm", "Hughes", "Ibarra", "Ito", "Iyer", "Jansen", "Jensen", "Johansson",
	"Kamara", "Kaya", "Keller", "Khan", "Kim", "Kowalski", "Krüger", "Kumar", "Lang", "Larsen", "Lee", "Lefèvre", "Lindgren",
	"Lopez", "Marino", "Martin", "Mbeki", "Meyer", "Moreau", "Morgan", "Müller", "Murphy", "Nakamura", "Navarro", "Nguyen",
	"Novák", "Nowak", "Nyberg", "O'Brien", "Okafor", "Olsen", "Onyango", "Ortiz", "Osei", "Papadakis", "Park", "Patel", "Pereira",
	"Petrov", "Popescu", "Ramos", "Reid", "Ricci", "Rossi", "Roux", "Sanchez", "Santos", "Sato", "Schmidt", "Schneider", "Shah",
	"Silva", "Singh", "Smith", "Sokolova", "Suzuki", "Svensson", "Takahashi", "Tanaka", "Taylor", "Torres", "Tran", "Usman",
	"van Dijk", "Varga", "Vasquez", "Virtanen", "Vogel", "Walsh", "Wang", "Weber", "Williams", "Wood", "Yamamoto", "Yilmaz",
	"Young", "Zhang", "Zimmermann",
}

var locations = []weighted[string]{
	{"Berlin", 24}, {"London", 18}, {"Lisbon", 12}, {"Toronto", 12}, {"Pune", 16}, {"Singapore", 8}, {"Stockholm", 6}, {"Remote", 4},
}

// department is a branch of the tree of managers.
type department struct {
	name   string
	share  int // of the staff, in percent
	head   string
	middle string
	titles []string
}

var departments = []department{
	{"Engineering", 30, "Chief Technology Officer", "Engineering Manager", []string{"Software Engineer", "Senior Software Engineer", "Test Engineer", "Staff Engineer"}},
	{"IT Operations", 14, "Head of IT Operations", "IT Team Lead", []string{"System Administrator", "Network Engineer", "Database Administrator", "Site Reliability Engineer"}},
	{"Customer Service", 14, "Head of Customer Service", "Service Team Lead", []string{"Service Agent", "Senior Service Agent", "Service Analyst"}},
	{"Sales", 13, "Chief Sales Officer", "Sales Manager", []string{"Account Executive", "Sales Analyst", "Sales Assistant"}},
	{"Finance", 9, "Chief Financial Officer", "Finance Manager", []string{"Accountant", "Controller", "Payroll Specialist"}},
	{"Logistics", 8, "Head of Logistics", "Logistics Manager", []string{"Warehouse Clerk", "Dispatcher", "Supply Planner"}},
	{"Human Resources", 5, "Chief People Officer", "HR Manager", []string{"HR Generalist", "Recruiter"}},
	{"Marketing", 4, "Head of Marketing", "Marketing Manager", []string{"Content Editor", "Campaign Planner"}},
	{"Information Security", 3, "Chief Information Security Officer", "Security Team Lead", []string{"Security Analyst", "Security Engineer"}},
}

// application owns accounts; the list starts with those that own most.
type application struct{ name, department string }

var applications = []application{
	{"data-lake", "Engineering"}, {"web-shop", "Engineering"}, {"billing", "Finance"}, {"ci", "Engineering"}, {"erp", "Finance"},
	{"backup", "IT Operations"}, {"monitoring", "IT Operations"}, {"crm", "Sales"}, {"warehouse", "Logistics"}, {"mail-relay", "IT Operations"},
	{"identity-sync", "Information Security"}, {"payroll", "Finance"}, {"api-gateway", "Engineering"}, {"search", "Engineering"},
	{"ticketing", "Customer Service"}, {"chat", "Customer Service"}, {"log-store", "IT Operations"}, {"patching", "IT Operations"},
	{"call-centre", "Customer Service"}, {"reporting", "Finance"}, {"message-bus", "Engineering"}, {"feature-store", "Engineering"},
	{"hr-portal", "Human Resources"}, {"recruiting", "Human Resources"}, {"newsletter", "Marketing"}, {"web-analytics", "Marketing"},
	{"price-engine", "Sales"}, {"quote-tool", "Sales"}, {"dns", "IT Operations"}, {"certificates", "Information Security"},
	{"scanner", "Information Security"}, {"siem", "Information Security"}, {"route-planner", "Logistics"}, {"label-printer", "Logistics"},
	{"treasury", "Finance"}, {"expenses", "Finance"}, {"file-share", "IT Operations"}, {"print-server", "IT Operations"},
	{"wiki", "Engineering"}, {"artifact-store", "Engineering"}, {"load-test", "Engineering"}, {"mobile-backend", "Engineering"},
	{"partner-portal", "Sales"}, {"video-calls", "IT Operations"}, {"door-access", "Information Security"}, {"badge-printer", "Human Resources"},
	{"survey", "Marketing"}, {"asset-register", "IT Operations"}, {"tax-filing", "Finance"}, {"legacy-mainframe", "Finance"},
}

var tasks = []string{
	"exports invoices, credit notes and \"pro forma\" bills", "copies changed records every five minutes", "runs the nightly backup",
	"reads metrics", "sends notifications", "deploys releases", "rotates log files", "imports price lists",
	"synchronises users", "renders reports; runs on weekdays", "calls the partner's API", "cleans temporary tables",
	"scans open ports", "publishes events", "answers first-level questions", "prints labels", "migrates old orders", "checks certificates",
}

// grants are what accounts hold, the common ones in front. A privileged one makes its holder privileged.
type grant struct {
	name       string
	privileged bool
}

var grants = []grant{
	{"db-reader", false}, {"queue-consumer", false}, {"file-reader", false}, {"api-caller", false}, {"metrics-reader", false},
	{"db-writer", false}, {"queue-producer", false}, {"file-writer", false}, {"report-viewer", false}, {"mail-sender", false},
	{"batch-operator", false}, {"cache-user", false}, {"log-writer", false}, {"deploy-staging", false}, {"registry-pull", false},
	{"registry-push", false}, {"ticket-editor", false}, {"crm-api", false}, {"erp-api", false}, {"sftp-partner", false},
	{"backup-operator", true}, {"deploy-production", true}, {"db-owner", true}, {"cluster-admin", true}, {"secrets-reader", true},
	{"directory-writer", true}, {"payment-approver", true}, {"domain-admin", true},
}
