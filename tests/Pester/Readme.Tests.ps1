# Every line of the README's table "you know, you type" is run, with names of the test servers in place of those of the world.
BeforeDiscovery {
    $text = Get-Content -Raw (Join-Path $PSScriptRoot '../../README.md')
    $lines = [regex]::Matches($text, '(?m)^\| `(.+)` \| `(.+)` \|\r?$').ForEach{ @{ Known = $_.Groups[1].Value; Typed = $_.Groups[2].Value -replace '\\\|', '|' } }
}

BeforeAll {
    $readme = (Get-Content -Raw (Join-Path $PSScriptRoot '../../README.md')).ReplaceLineEndings("`n")
    . (Join-Path $PSScriptRoot 'lib' 'Peers.ps1')
    . (Join-Path $PSScriptRoot 'lib' 'New-TestImages.ps1')
    $modulePath = $env:PSModulePath
    $before = $env:DOCKER_CONFIG
    if ($World['BasicRegistry'] -and $World['App']) {
        # names of the world, and what stands for them here
        $own = "$($World.Registry)/readme"
        $names = [ordered]@{
            '(?<!example\.com/)nginx:(?=1\.2[67])' = "$own/nginx:"
            ' nginx(?=[ )])'                       = " $own/nginx"
            'Connect-ImageRegistry \S+'            = "Connect-ImageRegistry $($World.BasicRegistry)"
            'registry\.example\.com'               = $own
            'localhost:5000'                       = $World.Registry
            ':app:'                                = ':readme/app:'
            ' octocat'                             = ' $octocat'
            '/etc/os-release'                      = '/etc/motd'
        }
        foreach ($pair in @('app', 'nginx:1.26'), @('derived', 'nginx:1.27'), @('app', 'app:amd64'), @('app', 'app:1.0')) {
            $null = Copy-Image "docker-daemon:fixture/$($pair[0]):1.0" "$own/$($pair[1])" -ErrorAction Stop
        }
        $null = Copy-Image "$($World.Registry)/fixture/multi:1.0" "$own/app:arm64" -Platform linux/arm64 -ErrorAction Stop
        $null = Invoke-Tool docker tag fixture/app:1.0 readme/app:1.0
        $env:DOCKER_CONFIG = (New-Item -ItemType Directory (Join-Path $World.Folder ([guid]::NewGuid().ToString('N')))).FullName
        $octocat = [pscredential]::new('tester', (ConvertTo-SecureString $World.Password -AsPlainText))
        Push-Location (New-Item -ItemType Directory (Join-Path $World.Folder ([guid]::NewGuid().ToString('N')))).FullName
    }
}

AfterAll {
    if ($World['BasicRegistry'] -and $World['App']) {
        Pop-Location
        Disconnect-ImageRegistry $World.BasicRegistry -ErrorAction Ignore
        docker image rm -f readme/app:1.0 readme/app:loaded "$own/nginx:1.27" *> $null
    }
    $env:DOCKER_CONFIG = $before
}

Describe 'What the README says to type' {
    It 'for <Known>' -ForEach $lines {
        Skip-Without BasicRegistry, App, Docker
        $line = $Typed
        foreach ($name in $names.Keys) { $line = $line -replace $name, $names[$name] }
        if ($line -match '^Remove-Image') { $line += ' -Confirm:$false' }
        if ($line -match '^Clear-ImageStore') { $line += ' -WhatIf' }
        if ($line -match '^Get-ImageTag') { $line += ' -Force' }
        $ErrorActionPreference = 'Stop'
        { & ([scriptblock]::Create($line)) } | Should -Not -Throw -Because $line
    }

    It 'is more than 30 lines' {
        [regex]::Matches($readme, '(?m)^\| `(.+)` \| `(.+)` \|\r?$').Count | Should -BeGreaterThan 30
    }

    It 'shows on the first walk what it really gives' {
        $walk = [regex]::Match($readme, '(?s)## A first walk(.+?)\n## ').Groups[1].Value
        $blocks = [regex]::Matches($walk, '(?s)```powershell\n(.+?)\n```\s+(?:[^`]+\n\n)?(?:```\n(.+?)\n```)?')
        $blocks.Count | Should -BeGreaterThan 3
        $sample = "oci:$($World.Sample):1.0"
        # what lies in the sample changes with the source; the form does not
        $form = { param($text) $text -replace 'sha256:[0-9a-f]+', 'DIGEST' -replace ' *[\d.,]+ k?B\b', ' SIZE' -replace 'oci(-archive)?:/[^ ]*', 'PLACE' -replace '(?m) +$' }
        foreach ($block in $blocks) {
            $script = $block.Groups[1].Value -replace 'oci:artifacts/demo/sample:1\.0', $sample -replace 'oci-archive:', "oci-archive:$($World.Folder)/readme-"
            $output = (. ([scriptblock]::Create($script)) | Out-String -Width 100).Trim()
            (& $form $output) | Should -Be (& $form $block.Groups[2].Value.Trim()) -Because $script
        }
    }
}
