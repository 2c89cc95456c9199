module "one" {
  source = "./modules/worker"
  name   = "one"
}

module "two" {
  source = "./modules/worker"
  name   = "two"
}

module "only" {
  source = "./modules/single"
}
